"""Every applet of the catalogue has the whole suite, by its declaration; a designer writes one such line for each."""

from importlib.metadata import entry_points

from yohaku.testing import applet_suite

CATALOGUE = [entry.load() for entry in sorted(entry_points(group="yohaku.applets"))]

for applet in CATALOGUE:
    globals()[f"Test{applet.__name__}"] = applet_suite(applet)
