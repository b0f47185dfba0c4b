"""rules/schema.json, for editors, says what the classes say."""

from blockproxy.detect.rules import built_in_folder
from blockproxy.detect.schema import json_schema


def test_the_schema_for_editors_is_the_one_that_is_enforced() -> None:
    # python -c "from blockproxy.detect.schema import json_schema as s; print(s(), end='')" > rules/schema.json
    assert (built_in_folder() / "schema.json").read_text() == json_schema()
