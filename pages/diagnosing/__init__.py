"""The parts of the Diagnosis page: what was dropped, the worklist, a film with its answer, notes, history."""
