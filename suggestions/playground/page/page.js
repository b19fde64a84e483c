// Asks the relay, and shows its answer while it is being written. From top to bottom: server-sent
// events, Markdown, the relay, the page.

// Server-sent events

/** The lines of a stream of bytes, however it is cut. A last line without an end is dropped. */
async function* readLines(bytes) {
  const reader = bytes.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let endedInReturn = false;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      // A CR ends a line at once. An LF that follows belongs to it, even in the next piece.
      const text = endedInReturn && value.startsWith("\n") ? value.slice(1) : value;
      endedInReturn = value.endsWith("\r");
      const lines = (rest + text).split(/\r\n|\n|\r/);
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection is no longer needed, or is lost already
  }
}

/**
 * The events of a stream of bytes, as `{type, data, id}`; a comment has the type "comment". The id
 * is the last one so far, and "" if there was none. An event that no blank line ends is dropped, as
 * the standard says (HTML, section 9.2.6).
 */
export async function* readEvents(bytes) {
  let type = "";
  let data = [];
  let id = "";
  for await (const line of readLines(bytes)) {
    const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line);
    if (line === "") {
      if (data.length) yield { type: type || "message", data: data.join("\n"), id };
      type = "";
      data = [];
    } else if (line.startsWith(":")) yield { type: "comment", data: value, id };
    else if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}

// Markdown: every piece of an answer becomes a text node, and never HTML.

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6}) +(.*)$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/;
const DEEPEST = 8; // lists within lists
const HIGHEST = 2; // the level of the heading above the answer

// The lengths are bounded, so that no text takes a time that grows with its square.
const SPAN = new RegExp(
  [
    /\\(?<escaped>[!-/:-@[-`{-~])/,
    /(?<!`)(?<ticks>`{1,9})(?!`)(?<code>[^]{1,1000}?)(?<!`)\k<ticks>(?!`)/,
    /\*\*(?=\S)(?<strong>[^]{1,1000}?)(?<=\S)\*\*(?!\*)/,
    /(?<!\w)__(?=\S)(?<strong2>[^]{1,1000}?)(?<=\S)__(?!\w)/,
    /\*(?=[^\s*])(?<em>[^]{1,1000}?)(?<=[^\s*])\*(?!\*)/,
    /(?<!\w)_(?=[^\s_])(?<em2>[^]{1,1000}?)(?<=[^\s_])_(?!\w)/,
    /\[(?<label>[^[\]]{1,1000})\]\((?<href>https?:\/\/(?:[^\s()<>]|\([^\s()<>]{0,99}\)){1,2000})\)/,
  ]
    .map((each) => each.source)
    .join("|"),
  "gi",
);

function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children); // a string is appended as a text node
  return made;
}

/** The nodes and strings that a text within a block is made of. */
function inline(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: all, index, groups } of text.matchAll(SPAN)) {
    nodes.push(text.slice(end, index), span(all, groups));
    end = index + all.length;
  }
  return [...nodes, text.slice(end)];
}

function span(all, { escaped, code, strong, strong2, em, em2, label, href }) {
  if (escaped) return escaped;
  if (code) return element("code", code);
  if (strong || strong2) return element("strong", ...inline(strong || strong2));
  if (em || em2) return element("em", ...inline(em || em2));
  if (!URL.canParse(href)) return all;
  const link = element("a", ...inline(label));
  return Object.assign(link, { href, title: href, target: "_blank", rel: "noopener noreferrer" });
}

/**
 * The blocks of Markdown's lines, each as `{next, make}`: the line after it, and what makes its
 * element. The rules are tried in this order; each gives null if it does not apply.
 */
const RULES = [
  function fence(lines, at) {
    const mark = FENCE.exec(lines[at])?.[1];
    if (!mark) return null;
    let end = at + 1;
    while (end < lines.length && !closes(lines[end].trim(), mark)) end++;
    const code = lines.slice(at + 1, end).join("\n");
    return { next: end + 1, make: () => element("pre", element("code", code)) };
  },
  function heading(lines, at) {
    const [, marks, text] = HEADING.exec(lines[at]) ?? [];
    if (!marks) return null;
    const level = Math.min(6, HIGHEST + marks.length);
    return { next: at + 1, make: () => element(`h${level}`, ...inline(text)) };
  },
  function list(lines, at, depth) {
    const first = ITEM.exec(lines[at]);
    if (!first || depth > DEEPEST) return null;
    const items = [];
    let next = at;
    for (let item = first; item && sameList(item, first); item = ITEM.exec(lines[next] ?? "")) {
      const width = item[0].length - item[3].length;
      const body = [item[3]];
      while (++next < lines.length && belongs(lines[next], first[1].length))
        body.push(lines[next].slice(Math.min(width, indentOf(lines[next]))));
      items.push(body);
    }
    return { next, make: () => listElement(first[2], items, depth) };
  },
  function paragraph(lines, at) {
    let next = at + 1;
    while (next < lines.length && lines[next].trim() && !startsBlock(lines[next])) next++;
    const text = lines.slice(at, next).join("\n");
    return { next, make: () => element("p", ...inline(text)) };
  },
];

const closes = (line, mark) => line.startsWith(mark) && !line.replaceAll(mark[0], "");
const indentOf = (line) => line.length - line.trimStart().length;
const belongs = (line, indent) => !line.trim() || indentOf(line) > indent;
const isOrdered = (marker) => /\d/.test(marker);
const sameList = (item, first) =>
  item[1].length <= first[1].length && isOrdered(item[2]) === isOrdered(first[2]);
const startsBlock = (line) => [FENCE, HEADING, ITEM].some((pattern) => pattern.test(line));

function listElement(marker, items, depth) {
  const made = element(isOrdered(marker) ? "ol" : "ul");
  if (isOrdered(marker)) made.start = parseInt(marker, 10);
  made.append(
    ...items.map((body) => element("li", ...blocks(body, depth + 1).map(({ make }) => make()))),
  );
  return made;
}

/** The blocks of `lines`, with the `source` of each. */
function blocks(lines, depth = 0) {
  const found = [];
  for (let at = 0; at < lines.length; ) {
    if (!lines[at].trim()) {
      at++;
      continue;
    }
    let block = null;
    for (const rule of RULES) block ??= rule(lines, at, depth);
    found.push({ ...block, source: lines.slice(at, block.next).join("\n") });
    at = block.next;
  }
  return found;
}

/** Shows a text as Markdown. Blocks that are there already stay as they are, with a selection. */
export function render(text, into) {
  const now = blocks(text.split(/\r\n|\n|\r/));
  const before = into.shown ?? [];
  now.forEach(({ source, make }, place) => {
    if (before[place] === source) return;
    if (into.children[place]) into.children[place].replaceWith(make());
    else into.append(make());
  });
  while (into.children.length > now.length) into.lastElementChild.remove();
  into.shown = now.map(({ source }) => source);
}

// The relay

class Failure extends Error {
  constructor(message, code = "error_network") {
    super(message);
    this.code = code;
  }
}

const MOST_TRIES = 7; // in a row, to go on with an answer: for about a quarter of a minute
const FIRST_PAUSE = 125; // ms before the second try, and then twice as long each time

/**
 * The frames of an answer, with its pieces of text as `content`. It is asked for at `asked.address`
 * with `asked.body`; if there is no body, it is the answer that the relay keeps at this address. If
 * the connection is lost, the rest comes from the address that the relay has named, for which
 * `kept(address)` is called. `log(event, data)` is called for all that happens. Throws a `Failure`
 * if the answer does not come or is not whole, and the reason with which `signal` was aborted.
 */
async function* answers(asked, signal, log, kept) {
  const rest = { address: asked.body ? "" : asked.address, id: "" };
  let tries = 0;
  while (true) {
    try {
      const init = { signal, headers: { ...asked.headers } };
      if (rest.id) init.headers["Last-Event-ID"] = rest.id;
      if (!rest.address) Object.assign(init, { method: "POST", body: asked.body });
      const response = await fetch(rest.address || asked.address, init);
      const type = response.headers.get("Content-Type") ?? "";
      log(tries ? "again" : "open", `${response.status} ${type}`);
      if (!response.ok || !type.startsWith("text/event-stream")) throw await refusal(response, type);
      if (response.headers.has("Content-Location")) {
        rest.address = new URL(response.headers.get("Content-Location"), response.url).href;
        kept(rest.address);
      }
      for await (const frame of frames(response.body, signal, log, rest)) {
        tries = 0;
        yield frame;
        if (frame.type === "done") return;
      }
      throw new TypeError("the stream ended before the answer did");
    } catch (error) {
      if (signal.aborted || error instanceof Failure || !rest.address) throw error;
      if (++tries >= MOST_TRIES) throw error;
      log("lost", error.message);
      await pause(FIRST_PAUSE * 2 ** tries, signal);
    }
  }
}

/** The frames of one response. `rest.id` becomes the id of the last one. */
async function* frames(body, signal, log, rest) {
  for await (const event of readEvents(body)) {
    signal.throwIfAborted();
    if (event.type === "comment") {
      log("comment", event.data);
      continue;
    }
    rest.id = event.id;
    const frame = frameOf(event.data);
    const shown = frame.data === undefined ? event.data : JSON.stringify(frame.data);
    log(frame.type, shown.slice(0, MOST_SHOWN)); // a file may be large
    if (frame.type === "error") throw new Failure(frame.error, frame.code);
    yield frame;
  }
}

/** Resolves after so many milliseconds. Rejects with the reason if `signal` is aborted. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** `fetch` throws a `TypeError` if there is no connection, or it is lost. */
function failureOf(error) {
  if (error instanceof Failure) return error;
  return new Failure(`The connection was lost: ${error.message}.`);
}

function frameOf(data) {
  try {
    const frame = JSON.parse(data);
    if (typeof frame?.type === "string") return frame;
  } catch {
    // Thrown below, as for any other message without a type.
  }
  throw new Failure(`Expected a frame with a type, got ${data.slice(0, 80)}`);
}

/** The failure of a response without a stream; most report it in a body of JSON. */
async function refusal(response, type) {
  const body = type.startsWith("application/json") ? await response.json().catch(() => {}) : null;
  const { error, code } = body ?? {};
  const message = typeof error === "string" ? error : error?.message;
  if (message) return new Failure(message, code);
  if (response.status === 404) return new Failure("There is no such answer, or it has expired.");
  return new Failure(`Expected an event stream, got status ${response.status} and ${type}.`);
}

// The page

const at = (id) => document.getElementById(id);
const MOST_ROWS = 2000; // of events; the oldest go
const MOST_SHOWN = 1000; // characters of an event's data
let running = null; // the AbortController of the question that is being answered

function say(state, text) {
  at("status").dataset.state = at("answer").dataset.state = state;
  at("status").textContent = text;
}

/** Empties the table of events. Returns a function that adds one. */
function newLog() {
  const began = performance.now();
  at("events").replaceChildren();
  return (event, data = "") => {
    const panel = at("log");
    const follows = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 40;
    const ms = Math.round(performance.now() - began);
    const row = element("tr", ...[ms, event, data].map((each) => element("td", String(each))));
    row.dataset.event = event;
    at("events").append(row);
    if (at("events").rows.length > MOST_ROWS) at("events").deleteRow(0);
    if (follows) panel.scrollTop = panel.scrollHeight;
  };
}

/** Draws a text that grows, at most once for each frame of the screen. */
function newSheet() {
  const panel = at("answer");
  let text = "";
  let due = 0;
  render("", panel);
  function draw() {
    const follows = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 40;
    due = 0;
    render(text, panel);
    if (follows) panel.scrollTop = panel.scrollHeight;
  }
  return {
    add(piece) {
      text += piece;
      due ||= requestAnimationFrame(draw);
    },
    finish() {
      cancelAnimationFrame(due); // a hidden tab has no frames
      draw();
      return text;
    },
  };
}

/** Shows what comes with the text: an image, or the source of a citation. */
function attach({ type, data }) {
  if (type === "file" && !data.partial && data.url.startsWith("data:image/"))
    at("images").append(Object.assign(element("img"), { src: data.url, alt: "An image" }));
  if (type !== "citation" || !/^https?:/.test(data.url) || !URL.canParse(data.url)) return;
  if ([...at("sources").querySelectorAll("a")].some((link) => link.title === data.url)) return;
  const link = element("a", data.title || data.url);
  Object.assign(link, { href: data.url, title: data.url, target: "_blank" });
  at("sources").append(element("li", Object.assign(link, { rel: "noopener noreferrer" })));
}

/** Asks what was typed. */
function ask() {
  const prompt = at("question").value.trim();
  if (!prompt) return say("ready", "Type a question first.");
  at("answer").scrollIntoView({ block: "nearest" }); // on a phone, it is below the form
  const body = { prompt, wire: at("wire").value, fail: at("failure").value };
  show({ address: at("form").action, body: JSON.stringify(body) }, ["asked", JSON.stringify(prompt)]);
}

/** Shows the answer that the page's own address names: after a reload, or in another tab. */
function follow() {
  const id = location.hash.slice(1);
  if (id) show({ address: `${at("form").action}/${id}` }, ["follow", id]);
}

async function show(asked, first) {
  running?.abort();
  const run = (running = new AbortController());
  run.address = asked.body ? "" : asked.address; // of the answer, if it is known
  const [log, sheet] = [newLog(), newSheet()];
  const [began, seconds] = [performance.now(), () => ((performance.now() - began) / 1000).toFixed(1)];
  at("stop").disabled = false;
  say("waiting", "Waiting for the answer …");
  log(...first);
  for (const id of ["images", "sources"]) at(id).replaceChildren();
  try {
    const kept = (address) => {
      run.address = address;
      history.replaceState(null, "", `#${address.split("/").pop()}`);
    };
    const given = { ...asked, headers: headers() };
    for await (const frame of answers(given, run.signal, log, kept)) {
      if (frame.type !== "content") attach(frame);
      else {
        if (at("status").dataset.state === "waiting") say("writing", "Writing …");
        sheet.add(frame.data);
      }
    }
    const words = sheet.finish().split(/\s+/).filter(Boolean).length;
    say("done", `Done: ${words} words in ${seconds()} s.`);
  } catch (error) {
    if (run !== running) return; // the page shows the next question now
    sheet.finish();
    if (run.signal.aborted || error.code === "aborted") {
      log("stopped");
      say("stopped", `Stopped after ${seconds()} s. The text so far is kept.`);
    } else {
      const { message, code } = failureOf(error);
      log("failed", code);
      say("failed", `Failed: ${message} (${code})`);
    }
  }
  if (document.activeElement === at("stop")) at("question").focus(); // a disabled button loses the focus
  at("stop").disabled = true;
  running = null;
}

function headers() {
  const given = { "Content-Type": "application/json", Accept: "text/event-stream" };
  if (at("token")?.value) given.Authorization = `Bearer ${at("token").value}`;
  return given;
}

/** Stops the answer, also for other tabs. */
function stop() {
  if (!running) return;
  const { address } = running;
  running.abort();
  if (address) fetch(address, { method: "DELETE", headers: headers() }).catch(() => {});
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
at("question").addEventListener("keydown", (event) => {
  // While an input method composes, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("form").requestSubmit();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});
at("stop").addEventListener("click", stop);
for (const select of [at("wire"), at("failure")]) {
  // Also at once: after a reload, a browser keeps what was chosen.
  const explain = () => {
    at(`${select.id}-hint`).textContent = select.selectedOptions[0].dataset.hint;
  };
  select.addEventListener("change", explain);
  explain();
}
follow();
