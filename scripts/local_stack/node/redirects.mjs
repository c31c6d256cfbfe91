/** Where a link from a mail may lead: the rules of Auth's site URL and its list of others. */

/** Turns an entry of the list into an expression: `*` stays within a part, `**` goes on. */
function expressionOf(entry) {
  const parts = entry.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^./]*';
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}/?$`);
}

/**
 * Returns the address that was asked for when it is the site or on the list, else the site.
 *
 * @param {{ siteUrl: string, redirectUrls: string[] }} config
 * @param {string | null} wanted
 */
export function redirectFor({ siteUrl, redirectUrls }, wanted) {
  if (!wanted || !URL.canParse(wanted)) return siteUrl;
  if (new URL(wanted).origin === new URL(siteUrl).origin) return wanted;
  const bare = wanted.split(/[?#]/)[0];
  return redirectUrls.some((entry) => expressionOf(entry).test(bare)) ? wanted : siteUrl;
}
