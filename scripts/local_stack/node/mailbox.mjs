const KEPT = 200;

/**
 * Takes the mails Auth would send and keeps the last of them in memory, with the one-time code and
 * its hash. `GET /mailbox?to=address` reads them. It has the methods that lite calls on a mailer.
 */
export class Mailbox {
  #mails = [];

  #keep(kind, to, tokenHash, code) {
    this.#mails.push({ kind, to, code, token_hash: tokenHash, at: new Date().toISOString() });
    this.#mails.splice(0, this.#mails.length - KEPT);
  }

  async sendConfirmation(to, tokenHash, code) {
    this.#keep('signup', to, tokenHash, code);
  }

  async sendRecovery(to, tokenHash, code) {
    this.#keep('recovery', to, tokenHash, code);
  }

  async sendMagicLink(to, tokenHash, code) {
    this.#keep('magiclink', to, tokenHash, code);
  }

  async sendEmailChange(to, tokenHash, code) {
    this.#keep('email_change', to, tokenHash, code);
  }

  async sendReauthentication(to, code, more) {
    this.#keep('reauthentication', to, more?.tokenHash ?? '', code);
  }

  /** @param {URL} url */
  handle(url) {
    const to = url.searchParams.get('to')?.toLowerCase();
    return Response.json(this.#mails.filter((mail) => !to || mail.to.toLowerCase() === to));
  }
}
