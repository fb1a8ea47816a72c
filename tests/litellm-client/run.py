"""Drives Lockgate's management API with LiteLLM's own Python client and command line, and prints what worked."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from litellm.proxy.client import Client
from litellm.proxy.client.exceptions import NotFoundError, UnauthorizedError
from litellm.proxy.client.users import UsersManagementClient

from processes import Gateway
from table import table

# Against a program that hangs.
PROGRAM_SECONDS = 120.0

CONFIG = """
model_list:
- model_name: from-the-file
  litellm_params: {model: openai/gpt-5, api_key: sk-none, api_base: 'http://127.0.0.1:9/v1'}
"""


class Stage:
    """The gateway, and the two ways to it."""

    def __init__(self, base: str, key: str):
        self.base = base
        self.key = key
        self.client = Client(base_url=base, api_key=key)
        self.users = UsersManagementClient(base, key)

    def post(self, path: str, body: dict) -> dict:
        return self.client.http.request("POST", path, json=body)

    def command(self, *words: str, typed: str | None = None, key: str | None = None) -> str:
        """What `litellm-proxy` prints when `typed` is typed into it; fails when it does."""
        program = Path(sys.executable).parent / "litellm-proxy"
        # Its own configuration file would win over the environment.
        with tempfile.TemporaryDirectory(prefix="litellm-client-") as home:
            env = {
                **os.environ,
                "HOME": home,
                "LITELLM_PROXY_URL": self.base,
                "LITELLM_PROXY_API_KEY": key or self.key,
                "COLUMNS": "400",
            }
            done = subprocess.run(
                [str(program), *words],
                env=env,
                input=typed,
                capture_output=True,
                text=True,
                timeout=PROGRAM_SECONDS,
            )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def told(self, *words: str) -> object:
        """The JSON that a command prints."""
        return json.loads(self.command(*words))


def keys(stage: Stage) -> None:
    made = stage.client.keys.generate(key_alias="client", models=["gpt-5"], duration="1h", spend=0.0)
    assert made["key"].startswith("sk-") and made["token"] != made["key"], made
    info = stage.client.keys.info(key=made["key"])
    assert info["info"]["key_alias"] == "client", info
    listed = stage.client.keys.list(key_alias="client", return_full_object=True)
    assert [key["token"] for key in listed["keys"]] == [made["token"]], listed
    changed = stage.client.keys.update(key=made["key"], models=["gpt-5", "other"])
    assert changed["models"] == ["gpt-5", "other"] and changed["key_alias"] == "client", changed
    assert stage.client.keys.delete(keys=[made["key"]])["deleted_keys"] == [made["key"]]
    assert stage.client.keys.list(key_alias="client")["keys"] == []


def key_commands(stage: Stage) -> None:
    made = stage.told("keys", "generate", "--key-alias", "command", "--duration", "2h", "--models", "a,b")
    assert made["models"] == ["a", "b"], made
    assert "command" in stage.command("keys", "list")
    listed = stage.told("keys", "list", "--return-full-object", "--format", "json")
    assert "command" in [key["key_alias"] for key in listed["keys"]], listed
    stage.command("keys", "delete", "--key-aliases", "command")
    assert "command" not in stage.command("keys", "list")


def users(stage: Stage) -> None:
    made = stage.users.create_user({"user_email": "a@example.com", "user_role": "internal_user"})
    assert made["key"].startswith("sk-"), made
    listed = stage.users.list_users()
    assert made["user_id"] in [user["user_id"] for user in listed], listed
    assert stage.users.get_user(made["user_id"])["user_info"]["user_email"] == "a@example.com"
    assert stage.users.get_user_v2(made["user_id"])["user_email"] == "a@example.com"
    stage.users.delete_user([made["user_id"]])
    try:
        stage.users.get_user(made["user_id"])
    except NotFoundError:
        return
    raise AssertionError("the user is still there")


def user_commands(stage: Stage) -> None:
    made = stage.told("users", "create", "--email", "b@example.com", "--role", "internal_user", "--max-budget", "3")
    assert made["max_budget"] == 3, made
    assert "b@example.com" in stage.command("users", "list")
    told = stage.told("users", "get", "--id", made["user_id"])
    assert told["user_id"] == made["user_id"], told
    stage.command("users", "delete", made["user_id"])
    assert "b@example.com" not in stage.command("users", "list")


def teams(stage: Stage) -> None:
    made = stage.post("/team/new", {"team_alias": "The client's", "models": ["gpt-5"], "max_budget": 5})
    team = made["team_id"]
    stage.post("/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": "client-user"}})
    listed = stage.client.teams.list()
    assert team in [each["team_id"] for each in listed], listed
    paged = stage.client.teams.list_v2(page=1, page_size=10, team_id=team)
    assert paged["total"] == 1, paged
    assert stage.client.teams.list(user_id="client-user")[0]["team_id"] == team
    assert stage.client.teams.get_available() == []
    changed = stage.post("/team/update", {"team_id": team, "tpm_limit": 7})
    assert changed["data"]["max_budget"] == 5, changed
    stage.post("/team/delete", {"team_ids": [team]})
    assert team not in [each["team_id"] for each in stage.client.teams.list()]


def team_commands(stage: Stage) -> None:
    made = stage.post("/team/new", {"team_alias": "Commands"})
    assert "Commands" in stage.command("teams", "list")
    stage.command("teams", "available")
    stage.post("/team/delete", {"team_ids": [made["team_id"]]})


def ids(listed: list[dict]) -> list[str]:
    return [each["id"] for each in listed]


def models(stage: Stage) -> None:
    models = stage.client.models
    made = models.new(
        model_name="client-model",
        model_params={"model": "openai/gpt-5", "api_key": "sk-provider-secret"},
        model_info={"id": "client-model-id"},
    )
    assert made["model_id"] == "client-model-id", made
    assert "sk-provider-secret" not in json.dumps(made), "secrets are not shown"
    assert "client-model" in ids(models.list())
    models.update(model_id="client-model-id", model_params={"model": "openai/gpt-5", "rpm": 3})
    shown = models.get(model_id="client-model-id")
    assert shown["model_name"] == "client-model" and shown["model_info"]["db_model"], shown
    assert shown["litellm_params"]["rpm"] == 3, shown
    assert "sk-provider-secret" not in json.dumps(models.info()), "secrets are not shown"
    groups = stage.client.model_groups.info()
    assert "client-model" in [group["model_group"] for group in groups], groups
    models.delete(model_id="client-model-id")
    assert "client-model" not in ids(models.list())
    try:
        models.delete(model_id="client-model-id")
    except NotFoundError:
        return
    raise AssertionError("the model is still there")


def model_commands(stage: Stage) -> None:
    stage.command("models", "add", "command-model", "-p", "model=openai/gpt-5", "-i", "id=command-model-id")
    stage.command("models", "update", "command-model-id", "-p", "model=openai/gpt-5", "-p", "rpm=4")
    assert "command-model" in stage.command("models", "list")
    shown = stage.told("models", "get", "--id", "command-model-id")
    assert shown["litellm_params"]["rpm"] == 4, shown
    assert "command-model" in stage.command("models", "info")
    assert "command-model" in stage.command("model-groups", "list")
    stage.command("models", "delete", "command-model-id")
    assert "command-model" not in stage.command("models", "list")


def chat(stage: Stage) -> None:
    """A model and a key that were made by the client serve its chat, whole and streamed, and its command's."""
    stage.client.models.new(
        model_name="client-chat", model_params={"model": "demo/demo"}, model_info={"id": "client-chat-id"}
    )
    made = stage.client.keys.generate(key_alias="chat", models=["client-chat"])
    holder = Client(base_url=stage.base, api_key=made["key"])
    messages = [{"role": "user", "content": "hello"}]
    whole = holder.chat.completions(model="client-chat", messages=messages)
    assert whole["choices"][0]["message"]["content"], whole
    chunks = list(holder.chat.completions_stream(model="client-chat", messages=messages))
    assert any(chunk["choices"] and chunk["choices"][0]["delta"].get("content") for chunk in chunks), chunks
    assert ids(holder.models.list()) == ["client-chat"]
    said = stage.command("chat", "client-chat", "--max-tokens", "20", typed="hello\n/quit\n", key=made["key"])
    assert "demo" in said.lower(), said
    stage.client.models.delete(model_id="client-chat-id")
    try:
        holder.chat.completions(model="client-chat", messages=messages)
    except requests.HTTPError as error:
        assert error.response.status_code == 400, error
    else:
        raise AssertionError("the model still serves")


def http_command(stage: Stage) -> None:
    told = stage.told("http", "request", "GET", "/health/readiness")
    assert told["db"] == "connected", told


def credentials(stage: Stage) -> None:
    values = json.dumps({"api_key": "sk-provider-secret"})
    info = json.dumps({"custom_llm_provider": "openai"})
    stage.command("credentials", "create", "client", "--info", info, "--values", values)
    listed = stage.client.credentials.list()
    assert [each["credential_name"] for each in listed["credentials"]] == ["client"], listed
    assert "sk-provider-secret" not in json.dumps(listed), "secrets are not shown"
    stage.command("credentials", "get", "client")
    stage.command("credentials", "delete", "client")
    assert stage.client.credentials.list()["credentials"] == []


def refusals(stage: Stage) -> None:
    stranger = Client(base_url=stage.base, api_key="sk-nobody-knows-this-one")
    try:
        stranger.keys.list()
    except UnauthorizedError:
        pass
    else:
        raise AssertionError("an unknown key was let in")
    answer = requests.post(
        f"{stage.base}/key/generate",
        headers={"Authorization": f"Bearer {stage.key}"},
        json={"max_budget": "much"},
        timeout=30,
    )
    assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["body", "max_budget"], answer.text


CHECKS: list[Callable[[Stage], None]] = [
    keys,
    key_commands,
    users,
    user_commands,
    teams,
    team_commands,
    models,
    model_commands,
    chat,
    http_command,
    credentials,
    refusals,
]


def check(stage: Stage, wanted: Callable[[Stage], None]) -> str:
    try:
        wanted(stage)
    except Exception as error:  # noqa: BLE001 - whatever it is belongs into the table
        return f"{type(error).__name__}: {error}"
    return "ok"


def judge(stage: Stage) -> int:
    # Nearly all of the time is the commands' own start.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda wanted: check(stage, wanted), CHECKS))
    rows = [(wanted.__name__, outcome) for wanted, outcome in zip(CHECKS, outcomes, strict=True)]
    print(table(("check", "outcome"), rows))
    return int(any(outcome != "ok" for _, outcome in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lockgate", type=Path, required=True, help="the gateway's binary")
    parser.add_argument("--logs", type=Path, required=True, help="where logs go")
    arguments = parser.parse_args()
    arguments.logs.mkdir(parents=True, exist_ok=True)
    config = arguments.logs / "config.yaml"
    config.write_text(CONFIG)
    with Gateway.started(arguments.lockgate, config, arguments.logs, {}) as gateway:
        return judge(Stage(gateway.base, gateway.key))


if __name__ == "__main__":
    sys.exit(main())
