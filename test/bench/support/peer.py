"""The Python server of the comparison: `peer.py PORT memory|FILE`, with the same workflows."""

import asyncio
import os
import sys
import threading

from llama_agents.server import MemoryWorkflowStore, SqliteWorkflowStore, WorkflowServer
from workflows import Workflow, step
from workflows.events import Event, StartEvent, StopEvent


class Second(Event):
    n: int


class Third(Event):
    n: int


class One(Workflow):
    @step
    async def only(self, ev: StartEvent) -> StopEvent:
        return StopEvent(result="done")


class Three(Workflow):
    @step
    async def first(self, ev: StartEvent) -> Second:
        return Second(n=1)

    @step
    async def second(self, ev: Second) -> Third:
        return Third(n=ev.n + 1)

    @step
    async def third(self, ev: Third) -> StopEvent:
        return StopEvent(result="done")


port, store = sys.argv[1:]
server = WorkflowServer(
    workflow_store=MemoryWorkflowStore() if store == "memory" else SqliteWorkflowStore(store)
)
server.add_workflow("one", One())
server.add_workflow("three", Three())


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
print(f"http://127.0.0.1:{port}/", flush=True)
asyncio.run(server.serve(host="127.0.0.1", port=int(port), uvicorn_config={"log_level": "error"}))
