/** Headers that belong to one connection and must not travel through a proxy. */
const HOP_BY_HOP = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

function withoutHopByHop(source) {
  const headers = new Headers(source);
  for (const name of HOP_BY_HOP) headers.delete(name);
  return headers;
}

/**
 * Passes a request on to PostgREST and its answer back, both as streams.
 *
 * @param {string} baseUrl
 * @param {import('./tokens.mjs').Tokens} tokens
 * @param {Request} request already carrying the token of the caller
 * @param {URL} url the public address, without a key
 * @param {string} token
 */
export async function proxyToPostgrest(baseUrl, tokens, request, url, token) {
  const target = new URL(baseUrl + (url.pathname.slice('/rest/v1'.length) || '/'));
  target.search = url.search;
  const headers = withoutHopByHop(request.headers);
  headers.set('accept-encoding', 'identity');
  headers.set('authorization', `Bearer ${await tokens.outward(token)}`);
  const bodyless = request.method === 'GET' || request.method === 'HEAD';
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers,
      body: bodyless ? undefined : request.body,
      signal: request.signal,
      duplex: 'half',
      redirect: 'manual',
    });
    const { status, statusText } = answer;
    const length = answer.headers.get('content-length');
    const answerHeaders = withoutHopByHop(answer.headers);
    if (length !== null) answerHeaders.set('content-length', length);
    return new Response(answer.body, { status, statusText, headers: answerHeaders });
  } catch (error) {
    if (request.signal.aborted) throw error;
    const message = 'An invalid response was received from the upstream server';
    return Response.json({ message }, { status: 502 });
  }
}
