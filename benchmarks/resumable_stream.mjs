// The relay's job in node, with Vercel's resumable-stream, or without it if STORE is not set:
//
//     npm install --prefix benchmarks resumable-stream redis
//
// The query is the id of the answer; the path /follow follows it.

import { createServer } from "node:http";
import { createClient } from "redis";
import { createResumableStreamContext } from "resumable-stream";

const { PORT, UPSTREAM, STORE } = process.env;
const HEADERS = { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" };

async function connected() {
  return createClient({ url: STORE }).connect();
}

const context = STORE
  ? createResumableStreamContext({
      waitUntil: null,
      publisher: await connected(),
      subscriber: await connected(),
    })
  : null;

const frame = (fields) => `data: ${JSON.stringify(fields)}\n\n`;

/** The frames of an answer, as a stream of texts. */
function asked(path) {
  return new ReadableStream({
    async start(controller) {
      const body = JSON.stringify({ model: "m", messages: [], stream: true });
      const response = await fetch(`${UPSTREAM}${path}/chat/completions`, { method: "POST", body });
      let rest = "";
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data: ")) continue;
          if (line === "data: [DONE]") {
            controller.enqueue(frame({ type: "done" }));
            return controller.close();
          }
          const { content } = JSON.parse(line.slice(6)).choices[0].delta;
          if (content) controller.enqueue(frame({ type: "content", data: content }));
        }
      }
    },
  });
}

createServer(async (request, response) => {
  const [path, id] = request.url.split("?");
  let stream;
  if (path === "/follow") stream = await context.resumeExistingStream(id);
  else if (context) stream = await context.createNewResumableStream(id, () => asked(path));
  else stream = asked(path);
  if (!stream) return response.writeHead(404).end();
  response.writeHead(200, HEADERS);
  response.flushHeaders();
  for await (const text of stream) response.write(text);
  response.end();
}).listen(Number(PORT), "127.0.0.1");
