"""Counts the cut points that the sweeps of this folder examined and prints the sum."""


def pytest_terminal_summary(terminalreporter):
    points = sum(
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "cut_points"
    )
    if points:
        terminalreporter.write_line(f"power cuts: {points:,} cut points examined, each left the old or the new state")
