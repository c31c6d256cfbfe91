/** Small pages where Stripe's pages and mails lead back to while there is no site of one's own. */

const PAGES = {
  '/local/paid': ['Paid', 'The payment is done. The credits follow as soon as the webhook has come.'],
  '/local/canceled': ['Canceled', 'The page was left, and nothing was paid.'],
  '/local/account': ['Back', 'This is where your own site would be.'],
};

/** @param {URL} url @returns {Response | null} */
export function localPage(url) {
  const page = PAGES[url.pathname];
  if (!page) return null;
  const [title, text] = page;
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<body style="font-family: system-ui; margin: 3rem auto; max-width: 36rem">
<h1>${title}</h1><p>${text}</p>
<p>A page of the local stack: <code>thumbsmith stack up --site-url</code> names your own.</p>`;
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8' } });
}
