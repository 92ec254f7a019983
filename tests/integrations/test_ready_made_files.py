"""The files of integrations/: each judged by its own checker, and its steps run as they stand, on the sandbox."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkers import accepts, actionlint_accepts, checker
from desk import Desk
from patience import PATIENCE_S
from runners import BOT, GITLAB, ROOT, Github, gitlab_job, job_environment
from watching import free_port, page

import acctcfg

FILES = ROOT / "integrations"
WORKFLOW = "integrations/github/workflows/acctcfg.yml"
ACTION = "integrations/github/actions/acctcfg/action.yml"
GITLAB_FILE = "integrations/gitlab/acctcfg.gitlab-ci.yml"
KUBERNETES = FILES / "kubernetes"
UNIT = (FILES / "systemd/acctcfg-drift.service").read_text(encoding="utf-8")
PROGRAM = str(Path(sys.executable).with_name("acctcfg"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW),
        ("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION),
        ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", GITLAB_FILE),
        ("zizmor", "--offline", "--no-progress", WORKFLOW, ACTION),
        ("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml"),
        ("hadolint", "integrations/container/Containerfile"),
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_a_checker_finds_nothing(command: tuple[str, ...]) -> None:
    """The schemas of the services, and what linters of their files know besides."""
    accepts(*command, folder=ROOT)


@pytest.mark.slow
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """Expressions, shell lines and what each action takes."""
    actionlint_accepts(ROOT / WORKFLOW, tmp_path)


@pytest.mark.slow
def test_a_service_manager_finds_nothing(tmp_path: Path) -> None:
    """systemd reads the units, with our program where they name it, and calls the service well confined."""
    for file in (FILES / "systemd").iterdir():
        text = file.read_text(encoding="utf-8").replace("/opt/acctcfg/bin/acctcfg", PROGRAM)
        (tmp_path / file.name).write_text(text)
    units = [str(file) for file in tmp_path.iterdir()]
    assert accepts("systemd-analyze", "verify", "--man=no", *units) == ""


@pytest.mark.slow
def test_kubernetes_finds_nothing(tmp_path: Path) -> None:
    """The base is built, and every object is one that the API takes."""
    built = tmp_path / "built.yaml"
    built.write_text(accepts("kubectl", "kustomize", str(KUBERNETES)))
    kinds = [one["kind"] for one in yaml.safe_load_all(built.read_text())]
    assert sorted(kinds) == ["ConfigMap", "CronJob", "Deployment"]
    accepts("kubernetes-validate", "--strict", str(built))


def test_they_install_this_version() -> None:
    """No file names an older version than the program that it stands beside."""
    texts = [file.read_text(encoding="utf-8") for file in FILES.rglob("*") if file.is_file()]
    named = re.findall(r'acctcfg\[postgres\]==([\d.]+)"|(?:default|newTag): "([\d.]+)"', "\n".join(texts))
    assert [one or other for one, other in named] == [acctcfg.__version__] * 3


@pytest.fixture
def repository(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Github:
    """A pull request that adds an account; somebody else wrote a plan under it."""
    desk.write({"mmdesk01": {}}, journal={"durable": True})
    made = Github(desk, tmp_path_factory.mktemp("github"), desk.credentials())
    made.comment("mallory", f"<!-- acctcfg plan sha256:{'0' * 64} -->\n")
    return made


@pytest.mark.slow
def test_github_from_the_pull_request_to_drift(desk: Desk, repository: Github) -> None:
    """One comment, brought up to date; that plan after the merge, and no other; drift fails its job."""
    assert repository.run("plan")[0] == 0
    desk.write({"mmdesk01": {}, "mmdesk02": {}}, journal={"durable": True})
    code, summary, told = repository.run("plan")
    assert code == 0, told
    assert [one["user"]["login"] for one in repository.comments] == ["mallory", BOT]
    assert repository.comments[1]["body"] == summary
    assert "Plan: 2 to create" in summary

    assert repository.run("apply")[0] == 0
    assert len(desk.writes("/create-subaccount")) == 2
    code, _, told = repository.run("apply")  # the plan of the comment is no longer the plan
    assert (code, len(desk.writes("/create-subaccount"))) == (1, 2), told

    assert repository.run("drift")[0] == 0
    desk.sandbox.control_post("accounts/stranger1")
    code, summary, _ = repository.run("drift")
    assert code == 2
    assert "stranger1" in summary


@pytest.mark.slow
def test_github_applies_nothing_that_nobody_reviewed(desk: Desk, repository: Github) -> None:
    """Without a plan of the job's own user there is nothing to expect; a broken manifest has annotations."""
    code, _, told = repository.run("apply")
    assert (code, desk.writes()) == (1, [])
    assert "::error::pull request 7 has no plan; nothing is applied" in told
    desk.text('{"version": 1, "acounts": {}}')
    code, _, told = repository.run("plan")
    assert code == 1
    assert "::error file=acctcfg.yaml,line=1,col=" in told
    assert [one["user"]["login"] for one in repository.comments] == ["mallory"]


@pytest.mark.slow
def test_gitlab_from_the_merge_request_to_drift(desk: Desk) -> None:
    """Its reports are what GitLab reads; the saved plan is applied; drift fails its job."""
    desk.write({"mmdesk01": {}}, journal={"durable": True})
    for job in ("validate", "plan", "apply", "drift"):
        said = gitlab_job(desk, job, desk.credentials() if job != "validate" else {})
        assert said.returncode == 0, said.stdout + said.stderr
    report = GITLAB["plan"]["artifacts"]["reports"]["terraform"]
    assert json.loads((desk.folder / report).read_text()) == {"create": 1, "update": 0, "delete": 0}
    quality = json.loads((desk.folder / GITLAB["validate"]["artifacts"]["reports"]["codequality"]).read_text())
    assert [one["severity"] for one in quality] == ["minor"]  # the store has one recipient only
    assert len(desk.writes("/create-subaccount")) == 1
    desk.sandbox.control_post("accounts/stranger1")
    assert gitlab_job(desk, "drift", desk.credentials()).returncode == 2


@pytest.mark.slow
def test_the_hooks_run_before_a_commit(desk: Desk) -> None:
    """As they stand, but that nothing is installed for them: a sound workspace passes, and a typo does not."""
    assert desk.run("init").code == 0
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    config = {"repos": [{"repo": "local", "hooks": [{**hook, "language": "system"} for hook in hooks]}]}
    (desk.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    environment = job_environment(desk) | {"PRE_COMMIT_HOME": str(desk.folder / ".state")}

    def commit() -> subprocess.CompletedProcess[str]:
        for words in (
            ("git", "init", "--quiet"),
            ("git", "add", "acctcfg.yaml", "accounts", ".pre-commit-config.yaml"),
        ):
            subprocess.run(words, cwd=desk.folder, env=environment, check=True)
        command = (checker("pre-commit"), "run", "--all-files")
        return subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, text=True, check=False)

    said = commit()
    assert (said.returncode, said.stdout.count("Passed")) == (0, 2), said.stdout + said.stderr
    account = desk.folder / "accounts/mmdesk01.yaml"
    account.write_text(account.read_text().replace("profile: market", "profile:  markt"))
    said = commit()
    assert (said.returncode, said.stdout.count("Failed")) == (1, 2), said.stdout
    assert "accounts/mmdesk01.yaml:5:" in said.stdout


def test_the_container_is_small_and_not_root(tmp_path: Path) -> None:
    """Pinned by tag, slim, an ordinary user, our program as the first process; what it copies is there."""
    text = (FILES / "container/Containerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"python:3.13-slim-trixie"}
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (\d+):(\d+)$", final, re.M)
    assert re.search(r'^ENTRYPOINT \["acctcfg"\]$', final, re.M)
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        assert all((ROOT / name).exists() for name in line.split()[:-1])
    (tmp_path / "requirements.lock").write_text((ROOT / "requirements.lock").read_text())
    (script,) = re.findall(r"^RUN (sed .+?) \\$", text, re.M)
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True)
    for line in (tmp_path / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[\w.-]+==\S+( ; .+)?", line), line


# -- services ------------------------------------------------------------------------------------------------------


def pod(name: str) -> dict[str, Any]:
    """What a file of the Kustomize base says of its pods."""
    spec = yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text(encoding="utf-8"))["spec"]
    spec = spec.get("jobTemplate", {"spec": spec})["spec"]
    inner: dict[str, Any] = spec["template"]["spec"]
    return inner


@pytest.mark.parametrize("name", ["drift", "watch"])
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    """Not root, no privileges, no token of the cluster, nothing to write to but its state; secrets are a volume."""
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [one["name"] for one in container["volumeMounts"] if not one.get("readOnly")] == ["state"]
    assert [one["name"] for one in spec["volumes"] if "secret" in one] == ["credentials"]
    assert not [one for one in container["env"] if "valueFrom" in one]


def mounted(folder: Path, files: dict[str, str]) -> Path:
    """A volume as Kubernetes makes it: each file a link into a folder that can be exchanged at once."""
    real = folder / "..2026_03_01"
    real.mkdir(parents=True)
    (folder / "..data").symlink_to(real.name)
    for name, text in files.items():
        (real / name).write_text(text)
        (real / name).chmod(0o400)
        (folder / name).symlink_to(f"..data/{name}")
    return folder


@pytest.fixture
def cluster(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where each volume of the pods lies; the manifest of the base, at the sandbox."""
    base = tmp_path_factory.mktemp("cluster")
    folders = {name: base / name for name in ("workspace", "credentials", "state")}
    text = (KUBERNETES / "acctcfg.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("/run/secrets/acctcfg", str(folders["credentials"])),
        ("203.0.113.7", "127.0.0.1"),
        ("type: okx_dma_broker", f"type: okx_dma_broker\n    environment: demo\n    base_url: {desk.sandbox.base_url}"),
    ):
        assert old in text
        text = text.replace(old, new)
    parts = {name.rpartition("OKX_DESK_")[2].lower(): value for name, value in desk.credentials().items()}
    mounted(folders["workspace"], {"acctcfg.yaml": text})
    mounted(folders["credentials"], {"desk.json": json.dumps(parts)})
    folders["state"].mkdir()
    desk.sandbox.control_post("accounts/mmdesk01", label="MMdesk01")
    return {name: str(folder) for name, folder in folders.items()}


def started(desk: Desk, name: str, volumes: dict[str, str], *others: tuple[str, str]) -> subprocess.Popen[str]:
    """The container's program with its arguments and variables; the mount paths are where the volumes lie."""
    (container,) = pod(name)["containers"]
    places = [(one["mountPath"], volumes[one["name"]]) for one in container["volumeMounts"]]

    def here(word: str) -> str:
        for old, new in (*places, *others):
            word = word.replace(old, new) if word.startswith(old) else word
        return word

    environment = job_environment(desk) | {one["name"]: here(one["value"]) for one in container["env"]}
    del environment["CI"]
    command = [PROGRAM, *(here(word) for word in container["args"])]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_the_cron_job_finds_drift(desk: Desk, cluster: dict[str, str]) -> None:
    """0 without, 2 with; it writes to nothing but its state."""
    with started(desk, "drift", cluster) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    desk.sandbox.control_post("accounts/stranger1")
    with started(desk, "drift", cluster) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, err
    assert "stranger1" in out
    assert {file.name for file in Path(cluster["workspace"]).iterdir()} == {"..2026_03_01", "..data", "acctcfg.yaml"}


@pytest.mark.slow
def test_the_deployment_answers_its_probes_and_stops(desk: Desk, cluster: dict[str, str]) -> None:
    """Its probes are pages that it serves; SIGTERM ends it."""
    (container,) = pod("watch")["containers"]
    port = free_port()
    with started(desk, "watch", cluster, ("0.0.0.0:9464", f"127.0.0.1:{port}")) as process:
        try:
            assert process.stdout is not None
            assert " no_drift: " in process.stdout.readline()
            probes = {container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")}
            assert [page(port, path)[0] for path in probes] == [200]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130


@pytest.mark.slow
def test_the_timers_service_finds_drift(desk: Desk, cluster: dict[str, str]) -> None:
    """ExecStart runs with the variables of the unit and the credentials where its comment says that they are."""
    settings = dict(line.split("=", 1) for line in UNIT.splitlines() if re.match(r"\w+=", line))
    credential = settings["LoadCredential"].partition(":")[0]
    assert f"file: /run/credentials/acctcfg-drift.service/{credential}" in UNIT
    places = [("/opt/acctcfg/bin/acctcfg", PROGRAM), ("/etc/acctcfg/desk", cluster["workspace"])]
    places += [(f"/var/{kind}/acctcfg", cluster["state"]) for kind in ("lib", "cache")]
    line, variables = settings["ExecStart"], settings["Environment"]
    for old, new in places:
        line, variables = line.replace(old, new), variables.replace(old, new)
    environment = job_environment(desk) | dict(one.split("=", 1) for one in shlex.split(variables))
    del environment["CI"]
    said = subprocess.run(shlex.split(line), env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert 'acctcfg_accounts{venue="desk"} 1' in (Path(cluster["state"]) / "drift.prom").read_text()
