"""How well it works, in numbers: everything measurable over a corpus of real mail, written to `evaluation.md`.

Not part of the package. `mail` counts over whole sets and asks each message about the `invariants`, `labelled` compares
with what others say about the same HTML, `proofs` tries what the project claims of itself, `disguised` tries known
pixels in every disguise, the speed is what `bench` says, and `report` writes the tables. `on_purpose.yaml` says why we
differ from a label where we mean to.

Nothing of the corpus gets into the report but counts and the names of cases.
"""
