// The page: it stops, regenerates, and goes on after a reload or a lost connection.

import { Chat, useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

// A chat is kept in this browser, under the name behind the page's "#".
location.hash ||= crypto.randomUUID();
const id = location.hash.slice(1);
const transport = new DefaultChatTransport({ api: "/api/chat" });

function keptChat() {
  return new Chat({ id, transport, messages: JSON.parse(localStorage.getItem(id) ?? "[]") });
}

function Part({ part }) {
  if (part.type === "text") return part.text;
  if (part.type === "reasoning") return <div className="reasoning">{part.text}</div>;
  if (part.type === "source-url") return <div><a href={part.url}>{part.title ?? part.url}</a></div>;
  if (part.type === "file") return <img src={part.url} alt="" />;
  if (!part.type.startsWith("tool-")) return null;
  const said = part.errorText ?? JSON.stringify(part.output) ?? "…";
  return <div className="tool">{part.type.slice(5)}({JSON.stringify(part.input)}): {said}</div>;
}

function Page() {
  const [chat, setChat] = useState(keptChat);
  const { messages, status, error, sendMessage, regenerate, stop } = useChat({ chat, resume: true });
  const [text, setText] = useState("");
  const isBusy = status === "submitted" || status === "streaming";

  useEffect(() => localStorage.setItem(id, JSON.stringify(messages)), [messages]);
  useEffect(() => {
    // As after a reload. `resumeStream()` is enough with `ai` 7; 5 and 6 would show the beginning
    // of the answer twice.
    const goOn = () => status === "error" && setChat(keptChat());
    window.addEventListener("online", goOn);
    return () => window.removeEventListener("online", goOn);
  }, [status]);

  function send(event) {
    event.preventDefault();
    void sendMessage({ text });
    setText("");
  }

  // `stop()` alone only closes the connection, and the answer would go on without the page.
  function halt() {
    void fetch(`/api/chat/${id}/stream`, { method: "DELETE" });
    void stop();
  }

  return (
    <>
      {messages.map((message) => (
        <article key={message.id} className={message.role}>
          {message.parts.map((part, index) => <Part key={index} part={part} />)}
        </article>
      ))}
      {error && <p className="error">{error.message}</p>}
      <form onSubmit={send}>
        <textarea value={text} onChange={(event) => setText(event.target.value)} />
        <button id="send" disabled={isBusy || !text.trim()}>Send</button>
        <button id="stop" type="button" disabled={!isBusy} onClick={halt}>Stop</button>
        <button id="again" type="button" disabled={isBusy} onClick={() => void regenerate()}>
          Regenerate
        </button>
        <span id="status">{status}</span>
      </form>
    </>
  );
}

createRoot(document.getElementById("chat")).render(<Page />);
