from yohaku.render.rules import rules_json, rules_markdown
from yohaku.schema import breaking, checks


def test_the_page_names_every_rule_once_with_its_weight():
    page = rules_markdown()
    for rule in checks.RULES.values():
        assert page.count(f"| `{rule.id}` | {rule.severity.name.lower()}") == 1
    for rule in breaking.RULES.values():
        assert page.count(f"| `{rule.id}` | {rule.strength.name} | {rule.summary} |") == 1


def test_the_json_says_the_same():
    listed = rules_json()
    assert [rule["id"] for rule in listed["check"]] == list(checks.RULES)
    assert {rule["id"]: rule["strength"] for rule in listed["breaking"]} == {
        rule.id: rule.strength.name.lower() for rule in breaking.RULES.values()
    }
