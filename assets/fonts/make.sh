#!/bin/sh
# Makes the embedded fonts from Debian's packages fonts-noto-core and fonts-noto-cjk (both SIL OFL 1.1).
# Needs: python3 with fontTools (4.68 was used). The result is committed; run this only to change the character set.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
noto=${NOTO:-/usr/share/fonts/truetype/noto}
cjk=${NOTO_CJK:-/usr/share/fonts/opentype/noto}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" "$here/subset.py" "$noto" "$cjk" "$here"
