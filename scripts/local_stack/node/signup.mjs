import { randomUUID } from 'node:crypto';
import { AuthError, databaseFailure } from './errors.mjs';
import { beforeUserCreated } from './hooks.mjs';
import {
  audit,
  checkPassword,
  confirmEmail,
  hashPassword,
  insertIdentity,
  insertUser,
  mergeMetadata,
  newUser,
  oneTimeCode,
  setRole,
  findUser,
  userJson,
  validEmail,
} from './users.mjs';

const EMAIL_PROVIDER = { provider: 'email', providers: ['email'] };

/**
 * Sign-up by address or as nobody. lite's own is not used: it stores user, identity and session
 * outside a transaction and confirms within the INSERT, so triggers would meet other steps.
 */
export class Signup {
  /** @param sql the pool of Auth @param config @param sessions @param mailbox */
  constructor(sql, config, sessions, mailbox) {
    Object.assign(this, { sql, config, sessions, mailbox });
  }

  /** `POST /signup` */
  async handle(body) {
    if (!body.email && !body.phone && !body.password) return this.#anonymous(body);
    if (!body.password) {
      throw new AuthError(400, 'validation_failed', 'Signup requires a valid password');
    }
    checkPassword(body.password);
    if (body.phone && !body.email) {
      throw new AuthError(400, 'phone_provider_disabled', 'Phone signups are disabled');
    }
    const email = validEmail(body.email);
    const [existing] = await this.sql`
      select * from auth.users where email = ${email} and not is_sso_user`;
    if (existing) return this.#repeated(existing, body);
    return this.#byEmail(email, body.password, body.data ?? {});
  }

  /** A new user with an address: answers with a session, or with the unconfirmed user. */
  async #byEmail(email, password, data) {
    const mail = oneTimeCode(email);
    const user = await this.register(email, password, data, mail);
    if (!this.config.emailConfirmations) {
      return this.#inTransaction('Database error granting user', async (tx) => {
        await audit(tx, 'login', user, 'account', { provider: 'email' });
        return this.sessions.open(tx, user.id, 'password');
      });
    }
    await this.mailbox.sendConfirmation(email, mail.hash, mail.code);
    return findUser(this.sql, user.id);
  }

  /** Stores a new user with an address, without signing anybody in. */
  async register(email, password, data, mail) {
    const user = newUser({
      email,
      password: await hashPassword(password),
      appMetadata: EMAIL_PROVIDER,
      userMetadata: data,
    });
    await beforeUserCreated(this.sql, this.config.hooks.beforeUserCreated, userJson(user));
    await this.#inTransaction('Database error saving new user', async (tx) => {
      await insertUser(tx, user);
      await setRole(tx, user.id);
      const identity = await insertIdentity(tx, user, 'email', data);
      await mergeMetadata(tx, user.id, 'raw_user_meta_data', identity);
      await this.#confirmOrAsk(tx, user, mail);
    });
    return user;
  }

  async #confirmOrAsk(tx, user, mail) {
    if (!this.config.emailConfirmations) {
      await audit(tx, 'user_signedup', user, 'team', { provider: 'email' });
      await confirmEmail(tx, user.id);
      return;
    }
    await audit(tx, 'user_confirmation_requested', user, 'user', { provider: 'email' });
    await tx`
      update auth.users set confirmation_token = ${mail.hash}, confirmation_sent_at = now()
      where id = ${user.id}`;
  }

  /**
   * A known address: said openly where addresses need no confirmation, else answered like a new
   * one, so that nobody learns who has an account. An unconfirmed one is mailed again.
   */
  async #repeated(existing, body) {
    if (!existing.email_confirmed_at && this.config.emailConfirmations) {
      const mail = oneTimeCode(existing.email);
      await this.sql`
        update auth.users set confirmation_token = ${mail.hash}, confirmation_sent_at = now()
        where id = ${existing.id}`;
      await this.mailbox.sendConfirmation(existing.email, mail.hash, mail.code);
      return findUser(this.sql, existing.id);
    }
    await audit(this.sql, 'user_repeated_signup', existing, 'user', { provider: 'email' });
    if (!this.config.emailConfirmations) {
      throw new AuthError(422, 'user_already_exists', 'User already registered');
    }
    const disguise = newUser({
      id: randomUUID(),
      email: existing.email,
      appMetadata: EMAIL_PROVIDER,
      userMetadata: body.data,
    });
    return userJson({ ...disguise, confirmation_sent_at: disguise.created_at });
  }

  async #anonymous(body) {
    if (!this.config.anonymousSignIns) {
      throw new AuthError(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled');
    }
    const user = newUser({ anonymous: true, userMetadata: body.data });
    await beforeUserCreated(this.sql, this.config.hooks.beforeUserCreated, userJson(user));
    return this.#inTransaction('Database error creating anonymous user', async (tx) => {
      await insertUser(tx, user);
      await setRole(tx, user.id);
      return this.sessions.open(tx, user.id, 'anonymous');
    });
  }

  async #inTransaction(failure, work) {
    try {
      return await this.sql.begin(work);
    } catch (error) {
      // Two sign-ups of one address at once: the second meets the unique index.
      if (error.code === '23505' && error.constraint_name === 'users_email_partial_key') {
        throw new AuthError(422, 'user_already_exists', 'User already registered');
      }
      if (!(error instanceof AuthError)) console.error(`${failure}: ${error.message}`);
      throw databaseFailure(failure, error);
    }
  }
}
