"""The files for each platform and the deployment guides: whatever they name exists, and their timeouts are consistent."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, cast

import click
import pytest
import yaml
from kit.deploy import DEPLOY, ROOT, default_of, missing, tool

from config import Settings, variable_names
from features import FEATURES
from jobs.supervised_process import STOP_SECONDS

GUIDES = sorted((ROOT / "docs" / "deploy").glob("*.md"))
COMPOSE = DEPLOY / "compose.yaml"
CELERY = DEPLOY / "compose.celery.yaml"
SECRETS = {"MASTER_API_KEY": "a" * 32, "SECRET_KEY": "b" * 32, "POSTGRES_PASSWORD": "c"}
KEPT_STOP_SECONDS = STOP_SECONDS + 10  # how long a web server waits for the worker.py that it has started
# Variables of other programs, or of the reader's shell.
FOREIGN = {
    "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "PGPASSWORD",  # Postgres
    "GF_AUTH_ANONYMOUS_ENABLED", "GF_AUTH_ANONYMOUS_ORG_ROLE", "GF_AUTH_BASIC_ENABLED", "GF_AUTH_DISABLE_LOGIN_FORM",  # Grafana
    "GF_ANALYTICS_REPORTING_ENABLED", "GF_PATHS_PROVISIONING",
    "BELLWETHER_IMAGE", "PUBLISH",  # deploy/compose.yaml's own
    "BELLWETHER_ENV", "BELLWETHER_HOME",  # deploy/systemd/bellwether's own
    "COMPOSE_FILE",  # Docker compose
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",  # of a bucket
    "RAILWAY_RUN_UID", "RAILWAY_DEPLOYMENT_DRAINING_SECONDS", "DATABASE_PUBLIC_URL",  # Railway
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK",  # Python
    "BASE", "KEY", "JOB", "HOST_NAME", "REPOSITORY", "RELEASE", "FILE", "NAME",  # the reader's shell
    "MAINPID", "IFS", "PWD", "ON_ERROR_STOP",  # systemd, the shell, psql
}  # fmt: skip


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def seconds(duration: str) -> float:
    assert duration.endswith("s")
    return float(duration[:-1])


# ---- platforms --------------------------------------------------------------------------------------------------------------------


def test_railway_waits_for_longer_than_the_service_takes_to_stop() -> None:
    web = tomllib.loads((ROOT / "railway.toml").read_text())["deploy"]
    worker = tomllib.loads((DEPLOY / "railway.worker.toml").read_text())["deploy"]
    assert web["drainingSeconds"] > default_of("WEB_GRACEFUL_TIMEOUT") + KEPT_STOP_SECONDS
    assert worker["drainingSeconds"] > STOP_SECONDS
    assert web["healthcheckPath"] == "/health/ready"
    for deploy in (web, worker):
        assert deploy["preDeployCommand"] == ["python preflight.py"]
        for name in ("drainingSeconds", "overlapSeconds", "healthcheckTimeout"):
            assert isinstance(deploy.get(name, 0), int)  # the platform refuses text
    assert "healthcheckPath" not in worker  # it serves no HTTP


def test_procfile_and_dockerfile_start_what_railway_starts() -> None:
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    web = tomllib.loads((ROOT / "railway.toml").read_text())["deploy"]["startCommand"]
    worker = tomllib.loads((DEPLOY / "railway.worker.toml").read_text())["deploy"]["startCommand"]
    assert procfile == {"web": web, "worker": worker}
    assert f"CMD {str(shlex.split(web)).replace(chr(39), chr(34))}" in (ROOT / "Dockerfile").read_text()


def test_the_image_has_what_runs_and_no_secrets() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for needed in ("data", "deploy", "migrations", "requirements.txt", "railway.toml", "preflight.py"):
        assert needed not in ignored
    assert {".env", "**/.env", ".git", "var"} <= set(ignored)


def is_ignored(path: str) -> bool:
    """Whether `docker build` leaves a file out: a pattern of .dockerignore matches it or a folder that it is in."""
    folders = [path, *map(str, Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        assert not line.startswith("!"), "exceptions are not understood here"
        if line and not line.startswith("#"):
            pattern = re.escape(line).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            if any(re.fullmatch(pattern, folder) for folder in folders):
                return True
    return False


@pytest.mark.parametrize(
    "path",
    [
        ".env", ".env.local", ".env.production", ".env.example", "deploy/.env", "deploy/.env.production", ".envrc",
        ".git/config", ".netrc", "home/.ssh/config", ".aws/credentials", ".pypirc", ".npmrc",
        "privkey.pem", "deploy/nginx/tls.key", "client.p12", "deploy/client.pfx", "id_rsa", "keys/id_ed25519.pub",
        "var/bellwether.db", "var/secrets.json", "copy.db", "deploy/copy.db-wal", "bellwether-20260101T000000Z.dump", "backups/old.sqlite",
    ],
)  # fmt: skip
def test_the_image_has_no_secret(path: str) -> None:
    assert is_ignored(path)


def test_the_image_has_all_of_the_service() -> None:
    left_out = {".ci", "benchmarks", "docs", "tests", "tools", ".env.example", "biome.json", "package.json", "package-lock.json"}
    tracked = subprocess.run([tool("git"), "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    assert {Path(path).parts[0] for path in tracked if is_ignored(path)} == left_out


def test_images_are_built_from_a_digest() -> None:
    """A tag can be pushed again; a digest always names the same image."""
    files = [path for path in ROOT.rglob("*Dockerfile*") if not any(part.startswith(".venv") for part in path.parts)]
    bases = [line.split()[1] for file in files for line in file.read_text().splitlines() if line.upper().startswith("FROM ")]
    assert bases
    assert [base for base in bases if not re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", base)] == []


# ---- compose ----------------------------------------------------------------------------------------------------------------------


def compose_command() -> list[str]:
    if shutil.which("docker"):
        compose = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60, check=False)
        if compose.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else [missing("neither docker compose nor docker-compose is installed")]


@pytest.mark.parametrize("files", [(COMPOSE,), (COMPOSE, CELERY)], ids=["local", "celery"])
def test_compose_takes_its_files(files: tuple[Path, ...]) -> None:
    command = [*compose_command(), *(word for file in files for word in ("-f", str(file))), "--profile", "observability", "config"]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **SECRETS}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    services = yaml.safe_load(result.stdout)["services"]
    assert set(services) == {"web", "worker", "postgres", "redis", "prometheus", "grafana"}
    assert services["web"]["environment"]["LOCAL_WORKERS"] == "0"
    assert services["worker"]["environment"]["DATABASE_URL"] == "postgresql://bellwether:c@postgres:5432/bellwether"
    for missed in SECRETS:
        fewer = {name: value for name, value in environment.items() if name != missed}
        refused = subprocess.run(command, env=fewer, capture_output=True, text=True, timeout=120, check=False, cwd="/")
        assert refused.returncode != 0
        assert missed in refused.stderr


def test_compose_waits_for_longer_than_the_services_take_to_stop() -> None:
    services = compose()["services"]
    assert seconds(services["web"]["stop_grace_period"]) > default_of("WEB_GRACEFUL_TIMEOUT")
    assert seconds(services["worker"]["stop_grace_period"]) > STOP_SECONDS


def test_compose_mounts_what_exists_and_bounds_what_runs() -> None:
    for name, service in compose()["services"].items():
        assert "mem_limit" in service, name
        assert service["restart"] == "unless-stopped"
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose()["volumes"] or (DEPLOY / source).exists(), f"{name} mounts {source}"
        for port in service.get("ports", ()):
            assert "127.0.0.1:" in port, f"{name} would listen on every address of the machine"


def test_the_shell_lines_of_compose_do_what_they_say(tmp_path: Path) -> None:
    """The lines run here without their last command: they put the addresses and the token where Prometheus and Grafana read them."""
    services = compose()["services"]
    mounted = tmp_path / "mnt"
    mounted.mkdir()
    for name in ("prometheus", "grafana"):
        for volume in services[name]["volumes"]:
            source, target = volume.split(":")[:2]
            if target.startswith("/mnt/"):
                shutil.copy(DEPLOY / source, mounted)
        script = " ".join(services[name]["command"]).rsplit("exec ", 1)[0].replace("$$", "$")
        script = script.replace("/tmp/", "TMP/").replace("/mnt/", f"{mounted}/").replace("TMP/", f"{tmp_path}/")  # noqa: S108 — the container's
        environment = {"PATH": os.environ["PATH"], "METRICS_TOKEN": "a-token-for-tests"}
        subprocess.run(["sh", "-ec", script], env=environment, check=True, timeout=60)
    scraped = yaml.safe_load((tmp_path / "etc" / "prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"][0]["targets"] == ["web:8000"]
    assert (tmp_path / "etc" / scraped["authorization"]["credentials_file"]).read_text() == "a-token-for-tests"
    source = yaml.safe_load((tmp_path / "provisioning" / "datasources" / "bellwether.yaml").read_text())["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((tmp_path / "provisioning" / "dashboards" / "bellwether.yaml").read_text())["providers"][0]
    assert f":{provider['options']['path']}/dashboard.json:" in str(services["grafana"]["volumes"])


# ---- the guides -------------------------------------------------------------------------------------------------------------------


def blocks(guide: Path) -> str:
    """The text of all fenced code blocks of a guide."""
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL))


def texts() -> list[Path]:
    names = ["deploy/**/*.service", "deploy/**/*.conf", "deploy/*.toml", "deploy/*.yaml", "deploy/systemd/bellwether"]
    return [*GUIDES, *(path for name in names for path in ROOT.glob(name)), ROOT / "Dockerfile", ROOT / "railway.toml"]


def test_there_is_a_guide_for_each_platform_with_all_its_parts() -> None:
    assert [guide.stem for guide in GUIDES] == ["docker", "railway", "ubuntu"]
    for guide in GUIDES:
        headings = re.findall(r"^## (.+)$", guide.read_text(), re.MULTILINE)
        assert headings == ["Set up", "Check", "Back up and restore", "Upgrade", "Roll back", "Troubleshooting", *headings[6:]], guide.name


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_is_a_setting_or_known(path: Path) -> None:
    settings = {name for field in Settings.model_fields for name in variable_names(field)}
    named = set(re.findall(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,})=", path.read_text()))
    named |= set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", path.read_text()))
    named |= {name for name in re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", path.read_text()) if path.suffix == ".md"}
    assert named <= settings | FOREIGN, sorted(named - settings - FOREIGN)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_file_and_link_exists(guide: Path) -> None:
    """Paths inside the repository, in text and in commands, and links between documents."""
    text = guide.read_text()
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (guide.parent / link).exists(), link
    for path in re.findall(r"(?<![\w/.$-])((?:deploy|docs|tests|migrations|benchmarks)/\w[\w./-]*\w)", text):
        assert (ROOT / path).exists(), path
    for script in re.findall(r"\b(?:python|bellwether) ([\w/]+\.py)\b", text):
        assert (ROOT / script).exists(), script
    for module in re.findall(r"(?:python|bellwether) -m ((?:deploy|jobs)[\w.]*)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_command_of_ours_takes_its_options(guide: Path) -> None:
    """The subcommands and options that a guide gives are those that `--help` lists."""
    pattern = r"(?:python|bellwether) (preflight\.py|db_migrations\.py|-m deploy\.backup|-m deploy\.restore)([^\n|;&`#')]*)"
    matches = re.findall(pattern, guide.read_text())
    assert {command for command, _ in matches} >= {"preflight.py", "db_migrations.py"}
    for command, rest in matches:
        module = command.removeprefix("-m ").removesuffix(".py").replace(".", "/")
        source = (ROOT / f"{module}.py").read_text()
        for option in re.findall(r"--[a-z-]+", rest):
            assert f'"{option}"' in source, f"{command} has no {option}"
        if command == "db_migrations.py" and (word := re.match(r"\s*([a-z]+)", rest)):
            assert f'"{word[1]}"' in source, f"{command} has no {word[1]}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_flask_command_exists(guide: Path) -> None:
    groups = {command.name: cast(click.Group, command) for feature in FEATURES for command in feature.commands()}
    for group, name in re.findall(r"\bflask ([a-z-]+) ([a-z-]+)", guide.read_text()):
        assert name in groups[group].commands, f"flask {group} {name}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_shell_can_read_every_block(guide: Path) -> None:
    for block in re.findall(r"^```sh\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL):
        result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, f"{result.stderr}\n{block}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_path_that_is_asked_for_is_a_route(guide: Path) -> None:
    from app import create_app

    settings = Settings.load(environment_given="test", master_api_key="a" * 32, secret_key="b" * 32, database_url="sqlite:///x.db")
    rules = {re.sub(r"<[^>]+>", "*", rule.rule) for rule in create_app(settings).url_map.iter_rules()}
    asked = set(re.findall(r"\$BASE(/[\w/$.-]+)", blocks(guide)))
    assert asked
    for path in asked:
        pattern = re.sub(r"\$[A-Z]+|\b(AAPL|bulk_jobs)\b", "*", path)
        assert pattern in rules or pattern.replace("*.xlsx", "*") in rules, path
