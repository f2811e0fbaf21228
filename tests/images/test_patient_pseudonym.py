"""Patients under a name that only one home gives."""

import subprocess
import sys

from core.config import environment
from core.images import patient_pseudonym, pseudonym_key
from core.images.patient_pseudonym import KEY

PATIENT = "a" * 64


def test_a_patient_has_one_name_in_all_processes_of_a_home_and_another_elsewhere(own_home, monkeypatch):
    name, key = patient_pseudonym(PATIENT), pseudonym_key()
    assert name != patient_pseudonym("b" * 64) and patient_pseudonym("") == ""
    program = f"from core.images import patient_pseudonym; print(patient_pseudonym('{PATIENT}'))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == name
    assert (own_home / KEY).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(environment.HOME.name, str(own_home / "another"))
    assert patient_pseudonym(PATIENT) != name and pseudonym_key() != key
