// The start page: which workflows this server has, and how to run each.

const status = document.querySelector("#status");
const list = document.querySelector("#workflows");
const form = document.querySelector("#key");
const input = document.querySelector("#key-input");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void show(input.value);
});

void show("");

async function show(key) {
  const headers = key === "" ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetch("./workflows", { headers });
    form.hidden = response.status !== 401;
    if (response.status === 401) {
      status.textContent =
        key === "" ? "This server asks for an API key." : "That key is not right.";
      return;
    }
    const { workflows } = await response.json();
    status.textContent =
      workflows.length === 0
        ? "No workflow is registered. Add one with server.addWorkflow(name, workflow)."
        : `${workflows.length} workflow${workflows.length === 1 ? "" : "s"}, ready to run.`;
    list.replaceChildren(...workflows.map(toItem));
  } catch {
    status.textContent = "The server does not answer. Is it still running?";
  }
}

function toItem(name) {
  const item = document.createElement("li");
  const title = document.createElement("strong");
  title.textContent = name;
  const command = document.createElement("code");
  const url = new URL(`workflows/${encodeURIComponent(name)}/run`, document.baseURI);
  command.textContent = `curl -X POST ${url} -H 'content-type: application/json' -d '{"start_event":{}}'`;
  item.append(title, command);
  return item;
}
