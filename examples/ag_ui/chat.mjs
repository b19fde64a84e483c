// A chat in the terminal with the agent of app.py, or with any other that speaks AG-UI.
//
//     npm install
//     node chat.mjs "What does get weather say of Oslo?"

import { HttpAgent, randomUUID } from "@ag-ui/client";

const url = process.env.AGENT_URL ?? "http://127.0.0.1:8000/agent";
const agent = new HttpAgent({ url });

// A tool of this program: the agent gets the description, and this program runs it.
const tools = [{
    name: "get_weather",
    description: "How the weather in a city is now.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}];
const run = { get_weather: ({ city }) => `3 degrees and rain in ${city}` };

const show = {
    onReasoningMessageContentEvent: ({ event }) => process.stderr.write(event.delta),
    onTextMessageContentEvent: ({ event }) => process.stdout.write(event.delta),
    onToolCallEndEvent: ({ toolCallName, toolCallArgs }) =>
        console.log(`[${toolCallName} ${JSON.stringify(toolCallArgs)}]`),
    onRunErrorEvent: ({ event }) => {
        console.error(`${event.message} (${event.code})`);
        process.exitCode = 1;
    },
};

process.on("SIGINT", () => agent.abortRun()); // the model stops, too
const question = process.argv.slice(2).join(" ") || "Hello";
agent.addMessage({ id: randomUUID(), role: "user", content: question });
for (let calls = null; calls === null || calls.length > 0; ) {
    calls = [];
    await agent.runAgent({ tools }, {
        ...show,
        onRunFinishedEvent: ({ pendingToolCallIds = [] }) => { calls = pendingToolCallIds; },
    });
    const made = agent.messages.flatMap((message) => message.toolCalls ?? []);
    for (const { id, function: called } of made.filter((call) => calls.includes(call.id))) {
        const content = run[called.name](JSON.parse(called.arguments));
        agent.addMessage({ id: randomUUID(), role: "tool", toolCallId: id, content });
    }
}
console.log();
