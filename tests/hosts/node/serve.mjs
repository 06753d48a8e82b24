// Serves the transpiled bundle on a port of 127.0.0.1: `node serve.mjs vectra.db`.
import { HTTPServer, types } from '@bytecodealliance/preview2-shim/http';

const { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } = types;

// preview2-shim ends the process when a response has no body, as those to HEAD and with 204
// and 304 have none: it gets an empty one here.
const withBody = new WeakSet();
const { body } = OutgoingResponse.prototype;
OutgoingResponse.prototype.body = function () {
  withBody.add(this);
  return body.call(this);
};

function withEmptyBody(response) {
  const entries = response.headers().entries();
  const headers = Fields.fromList(entries.filter(([name]) => name.toLowerCase() !== 'content-length'));
  const copy = new OutgoingResponse(headers);
  copy.setStatusCode(response.statusCode());
  return copy;
}

const { set } = ResponseOutparam;
ResponseOutparam.set = (param, response) => {
  if (response.tag !== 'ok' || withBody.has(response.val)) return set(param, response);
  const val = withEmptyBody(response.val);
  const empty = val.body();
  set(param, { tag: 'ok', val });
  OutgoingBody.finish(empty, undefined);
};

const { incomingHandler } = await import('./vectra/vectra.js');
const server = new HTTPServer(incomingHandler);
server.listen(0, '127.0.0.1');
console.log(`listening on http://127.0.0.1:${server.address().port}/`);
