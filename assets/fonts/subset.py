"""Cuts the report's fonts out of Debian's Noto packages; called by make.sh.

Noto Sans (regular, bold): Latin, Greek, punctuation, and the arrows and relations that Noto Sans itself lacks,
taken from Noto Sans Math (its minus sign has the width of a figure, so columns stay aligned).
Noto Sans CJK JP (regular): the characters of JIS X 0208 (kana, kanji of levels 1 and 2; 疼, the first character of
"pain", is of level 2) and the forms in names that Windows adds.
Noto Sans Hebrew, Noto Sans Arabic (regular): the letters of names, with the joining forms of Arabic.
"""

import sys

from fontTools import merge, subset
from fontTools.ttLib import TTFont

LATIN = [(0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x192), (0x1CD, 0x1DC), (0x218, 0x21B), (0x2B0, 0x2FF), (0x300, 0x36F),
         (0x384, 0x3CE), (0x1E00, 0x1EFF), (0x2000, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20AC, 0x20AC),
         (0x2116, 0x2116), (0x2122, 0x2122), (0x2150, 0x215E), (0xFB00, 0xFB04), (0xFFFD, 0xFFFD)]
MATH = "←→↑↓↔−≤≥≠≈∞√∑∂∈∓∝∼≪≫⊥∩∪"


def japanese_characters():
    """Every character of JIS X 0208, and those that Windows adds to it (code page 932): ①, ㈱, 髙, 﨑 and other forms
    in names; and 𠮷, which has no place in either."""
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        for trail in range(0x40, 0xFD):
            try:
                text = bytes([lead, trail]).decode("cp932")
            except UnicodeDecodeError:
                continue
            if len(text) == 1 and not 0xE000 <= ord(text) <= 0xF8FF:
                yield ord(text)
    for row in range(1, 85):
        for cell in range(1, 95):
            try:
                yield ord(bytes([0xA0 + row, 0xA0 + cell]).decode("euc_jp"))
            except UnicodeDecodeError:
                pass
    yield ord("𠮷")


def cut(font, codes, features):
    options = subset.Options()
    options.hinting = False
    options.layout_features = features
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    options.drop_tables += ["DSIG", "VORG", "vhea", "vmtx", "BASE", "FFTM"]
    options.notdef_outline = True
    worker = subset.Subsetter(options)
    worker.populate(unicodes=codes)
    worker.subset(font)
    return font


def embolden(font, factor):
    """Thickens the minus sign about its middle: Noto Sans Math has no bold."""
    coordinates = font["glyf"][font.getBestCmap()[0x2212]].coordinates
    middle = sum(y for _, y in coordinates) / len(coordinates)
    for i, (x, y) in enumerate(coordinates):
        coordinates[i] = (x, round(middle + (y - middle) * factor))


def stamp(font):
    """The same bytes on every day: a fixed modification time, and no recalculation on save."""
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = 3786825600
    return font


def sans(noto, math, out, minus=1.0):
    have = TTFont(noto)
    codes = {c for low, high in LATIN for c in range(low, high + 1)}
    extra = {ord(c) for c in MATH} - set(have.getBestCmap())
    cut(have, codes, ["kern", "mark", "mkmk", "ccmp"]).save("sans.part.ttf")
    cut(TTFont(math), extra, []).save("math.part.ttf")
    merged = merge.Merger().merge(["sans.part.ttf", "math.part.ttf"])
    for table in ("hhea", "OS/2"):
        merged[table] = TTFont("sans.part.ttf")[table]
    merged["hhea"].numberOfHMetrics = len(merged["hmtx"].metrics)
    embolden(merged, minus)
    stamp(merged).save(out)


def japanese(collection, out):
    codes = {c for c in japanese_characters() if c > 0xFF} | {0x20, 0x3099, 0x309A, 0xFF5E, 0x2015, 0xFFFD} | set(range(0x30, 0x3A))
    stamp(cut(TTFont(collection, fontNumber=0), codes, ["ccmp"])).save(out)


def minus(sans, style, out):
    """A font of one glyph: the minus sign where the hyphen-minus stands. Numbers set in it look right, and are found and
    copied as everybody types them."""
    font = cut(TTFont(sans), {0x2212}, [])
    glyph = font.getBestCmap()[0x2212]
    for table in font["cmap"].tables:
        table.cmap = {0x2D: glyph}
    names = {1: "Splitknee Minus", 2: style, 4: f"Splitknee Minus {style}", 6: f"SplitkneeMinus-{style}"}
    for name in list(font["name"].names):
        if name.nameID in names:
            name.string = names[name.nameID]
        elif name.nameID not in (0, 13, 14):
            font["name"].names.remove(name)
    stamp(font).save(out)


def right_to_left(font, blocks, out):
    codes = {c for low, high in blocks for c in range(low, high + 1)} | {0x20, 0x200C, 0x200D}
    features = ["ccmp", "isol", "init", "medi", "fina", "rlig", "calt", "mark", "mkmk", "kern"]
    stamp(cut(TTFont(font), codes, features)).save(out)


if __name__ == "__main__":
    noto, cjk, out = sys.argv[1:4]
    right_to_left(f"{noto}/NotoSansHebrew-Regular.ttf", [(0x591, 0x5F4)], f"{out}/NotoSansHebrew-Regular.ttf")
    right_to_left(f"{noto}/NotoSansArabic-Regular.ttf", [(0x606, 0x6FF)], f"{out}/NotoSansArabic-Regular.ttf")
    sans(f"{noto}/NotoSans-Regular.ttf", f"{noto}/NotoSansMath-Regular.ttf", f"{out}/NotoSans-Regular.ttf")
    sans(f"{noto}/NotoSans-Bold.ttf", f"{noto}/NotoSansMath-Regular.ttf", f"{out}/NotoSans-Bold.ttf", 1.8)
    for style in ("Regular", "Bold"):
        minus(f"{out}/NotoSans-{style}.ttf", style, f"{out}/SplitkneeMinus-{style}.ttf")
    japanese(f"{cjk}/NotoSansCJK-Regular.ttc", f"{out}/NotoSansCJKjp-Regular.otf")
