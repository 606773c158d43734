#!/usr/bin/env bash
# How deep YAML may nest depends on which of PyYAML's parsers reads it, and on its patch release.
# Guessed: a parser that reads 6.0.3's files reads them in 6.0.4; C and Python loaders agree.
# Found: the wheel of 6.0.4 carries libyaml 0.2.6, whose scanner refuses more than 1,000 levels of
# brackets, or 999 of indentation; the Python loader of the same release and the C loader of 6.0.3 have no such limit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/parse.py" <<'PY'
import yaml

libyaml = yaml._yaml.get_version_string()
for depth in (1000, 1001):
    for kind, text in (("flow", "[" * depth + "]" * depth), ("block", "- " * depth + "x")):
        for loader in (yaml.CLoader, yaml.Loader):
            try:
                answer = f"{sum(1 for _ in yaml.parse(text, Loader=loader))} events"
            except yaml.YAMLError as error:
                answer = error.problem
            print(yaml.__version__, libyaml, kind, depth, loader.__name__, answer)
PY
for version in 6.0.3 6.0.4; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check "pyyaml==$version"
  "$work/$version/bin/python" "$work/parse.py"
done 2> /dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
6.0.3 0.2.5 flow 1000 CLoader 2004 events
6.0.3 0.2.5 flow 1000 Loader 2004 events
6.0.3 0.2.5 block 1000 CLoader 2005 events
6.0.3 0.2.5 block 1000 Loader 2005 events
6.0.3 0.2.5 flow 1001 CLoader 2006 events
6.0.3 0.2.5 flow 1001 Loader 2006 events
6.0.3 0.2.5 block 1001 CLoader 2007 events
6.0.3 0.2.5 block 1001 Loader 2007 events
6.0.4 0.2.6 flow 1000 CLoader 2004 events
6.0.4 0.2.6 flow 1000 Loader 2004 events
6.0.4 0.2.6 block 1000 CLoader exceeded maximum nesting depth
6.0.4 0.2.6 block 1000 Loader 2005 events
6.0.4 0.2.6 flow 1001 CLoader exceeded maximum nesting depth
6.0.4 0.2.6 flow 1001 Loader 2006 events
6.0.4 0.2.6 block 1001 CLoader exceeded maximum nesting depth
6.0.4 0.2.6 block 1001 Loader 2007 events
SEEN
