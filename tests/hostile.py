#!/usr/bin/env python3
"""Small files that would become gigabytes, each given to the program with 2 GB of address space (`ulimit -v 2000000`).

    python3 tests/hostile.py PROGRAM [NAME…]       make each file in a temporary folder, try it, print one line, count

Right is: an exit code of the program's own (0, 1, 2 or 3), no signal, no panic, a message that names the file, and at most
60 seconds of processor time. Only Python's own library is used; what is made is described in the table CASES."""
import gzip, io, json, os, resource, struct, subprocess, sys, tempfile, zipfile, zlib

SPACE = 2_000_000 * 1024
SECONDS = 60
HEAD = b"id,knee,arm,visit,v\n"
PLAN = '''[trial]
id = "H"
title = "Hostile"
[data]
path = "%s"
columns = { patient = "id", knee = "knee", arm = "arm", visit = "visit" }
[arms]
active = "A"
placebo = "P"
[visits]
order = ["V0", "V1"]
baseline = "V0"
[[endpoint]]
name = "V"
column = "v"
kind = "continuous"
range = [0, 100]
better = "lower"
decimals = 0
[report]
formats = ["html"]
'''
NAMES = ["id", "knee", "arm", "visit", "v"]


def packed(pieces):
    """Gzip of what `pieces` gives, without holding it."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=6) as file:
        for piece in pieces:
            file.write(piece)
    return out.getvalue()


def xlsx(sheet, shared=b"", styles=b""):
    """A workbook of one sheet; each part is bytes or a generator of bytes."""
    out = io.BytesIO()
    def put(archive, name, parts):
        with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
            for part in [parts] if isinstance(parts, bytes) else parts:
                file.write(part)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>')
        archive.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>')
        put(archive, "xl/worksheets/sheet1.xml", sheet)
        if shared:
            put(archive, "xl/sharedStrings.xml", shared)
    return out.getvalue()


SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
def row(number, cells):
    """A row of inline texts."""
    return b'<row r="%d">' % number + b"".join(b'<c t="inlineStr"><is><t>%s</t></is></c>' % cell for cell in cells) + b"</row>"
TITLES = row(1, [name.encode() for name in NAMES])


def sheet(rows, tail=b""):
    yield SHEET + TITLES
    yield from rows
    yield b"</sheetData>" + tail + b"</worksheet>"


def strings(texts):
    yield b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    for text in texts:
        yield b"<si><t>" + text + b"</t></si>"
    yield b"</sst>"


def ods(table):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')
        with archive.open(zipfile.ZipInfo("content.xml"), "w", force_zip64=True) as file:
            file.write(b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">')
            file.write(b"<table:table-row>" + b"".join(ods_cell(name.encode()) for name in NAMES) + b"</table:table-row>")
            for part in table:
                file.write(part)
            file.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")
    return out.getvalue()


def ods_cell(text, repeated=1):
    return b'<table:table-cell office:value-type="string" table:number-columns-repeated="%d"><text:p>%s</text:p></table:table-cell>' % (repeated, text)


def ods_rows(cells, repeated):
    return b'<table:table-row table:number-rows-repeated="%d">%s</table:table-row>' % (repeated, cells)


def compound(stream):
    """A compound file with the one stream `Workbook`."""
    stream += b"\0" * max(0, 4096 - len(stream))
    stream += b"\0" * (-len(stream) % 512)
    sectors = len(stream) // 512
    tables = 1
    while tables * 128 < sectors + 1 + tables:
        tables += 1
    chain = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [tables + 1 + i + 1 for i in range(sectors - 1)] + [0xFFFFFFFE]
    chain += [0xFFFFFFFF] * (tables * 128 - len(chain))
    assert tables <= 109, "more needs a table of tables"
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16 + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *(list(range(tables)) + [0xFFFFFFFF] * (109 - tables)))
    def entry(name, kind, child, start, size):
        raw = name.encode("utf-16-le") + b"\0\0"
        return raw.ljust(64, b"\0") + struct.pack("<HBBIII16xIQQIQ", len(raw) if name else 0, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child, 0, 0, 0, start, size)
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, tables + 1, len(stream))
    directory = directory.ljust(512, b"\0")
    return header + struct.pack("<%dI" % len(chain), *chain) + directory + stream


def record(kind, body):
    return struct.pack("<HH", kind, len(body)) + body


def xls(cells, texts, dimensions=None):
    """A workbook of 1997: `cells` are records; `texts` the shared strings."""
    sst, first = b"", True
    body = struct.pack("<II", len(texts), len(texts))
    for text in texts:
        body += struct.pack("<HB", len(text), 0)
        room = 8200
        piece, text = text[: room - len(body)], text[room - len(body):]
        body += piece
        while text:
            sst += record(0xFC if first else 0x3C, body)
            first, body = False, b"\0" + text[:8000]
            text = text[8000:]
        if len(body) > 8000:
            sst += record(0xFC if first else 0x3C, body)
            first, body = False, b""
    sst += record(0xFC if first else 0x3C, body)
    begin = struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 1996, 0, 6)
    bound_body = lambda at: record(0x85, struct.pack("<IBBBB", at, 0, 0, 1, 0) + b"S")
    head = record(0x809, begin)
    at = len(head) + len(bound_body(0)) + len(sst) + 4
    book = head + bound_body(at) + sst + record(0x0A, b"")
    rows, columns = dimensions or (65536, 256)
    work = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 1996, 0, 6)) + record(0x200, struct.pack("<IIHHH", 0, rows, 0, columns, 0))
    return compound(book + work + b"".join(cells) + record(0x0A, b""))


def label(r, c, text):
    return record(0xFD, struct.pack("<HHHI", r, c, 0, text))


def dta(rows, long=None, kinds=None, counted=None):
    """Stata 118: `kinds` of variables; `long` is the one long text of all cells of kind 32768."""
    kinds = kinds or [5, 5, 1, 2, 65526]
    names = NAMES[:len(kinds)] + ["x%d" % i for i in range(len(kinds) - len(NAMES))]
    out = bytearray(b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder><K>%s</K><N>%s</N><label>\0\0</label><timestamp>\0</timestamp></header>" % (struct.pack("<H", len(kinds)), struct.pack("<Q", counted if counted is not None else len(rows))))
    marks = [0]
    marks.append(len(out))
    place = len(out) + 5
    out += b"<map>" + b"\0" * 112 + b"</map>"
    def section(name, body):
        marks.append(len(out))
        out.extend(b"<%s>" % name + body + b"</%s>" % name)
    fixed = lambda texts, width: b"".join(text.encode().ljust(width, b"\0") for text in texts)
    section(b"variable_types", struct.pack("<%dH" % len(kinds), *kinds))
    section(b"varnames", fixed(names, 129))
    section(b"sortlist", b"\0\0" * (len(kinds) + 1))
    section(b"formats", fixed(["%9s"] * len(kinds), 57))
    section(b"value_label_names", fixed([""] * len(kinds), 129))
    section(b"variable_labels", fixed([""] * len(kinds), 321))
    section(b"characteristics", b"")
    section(b"data", b"".join(rows))
    section(b"strls", b"" if long is None else b"GSO" + struct.pack("<IQBI", 1, 1, 130, len(long) + 1) + long + b"\0")
    section(b"value_labels", b"")
    marks.append(len(out))
    out += b"</stata_dta>"
    marks.append(len(out))
    out[place:place + 112] = struct.pack("<14Q", *marks)
    return bytes(out)


def sav(codes, widths, compression=1):
    """SPSS: `codes` are the bytes after the dictionary, `widths` those of the variables (0: a number)."""
    out = b"$FL2" + b"@(#) SPSS DATA FILE hostile".ljust(60) + struct.pack("<iiiiid", 2, len(widths), compression, 0, -1, 100.0) + b"01 Jan 2600:00:00" + b" " * 64 + b"\0" * 3
    out = out[:176].ljust(176, b"\0")
    for number, width in enumerate(widths):
        name = (NAMES[number] if number < 5 else "x%d" % number).upper().encode().ljust(8)
        kind = 0x010800 if width else 0x050802
        out += struct.pack("<iiiiii", 2, width, 0, 0, kind, kind) + name
        for _ in range((width + 7) // 8 - 1):
            out += struct.pack("<iiiiii", 2, -1, 0, 0, kind, kind) + b" " * 8
    out += struct.pack("<ii", 999, 0)
    if compression != 2:
        return out + codes
    # Deflated blocks, a header before and a trailer behind.
    start = len(out)
    blocks, at = [], start + 24
    body = b""
    for piece in codes:
        small = zlib.compress(piece, 9)
        blocks.append((len(piece), len(small), at))
        body += small
        at += len(small)
    trailer = struct.pack("<qqii", -100, 0, len(codes[0]), len(blocks))
    whole = start
    for size, small, place in blocks:
        trailer += struct.pack("<qqii", whole, place, size, small)
        whole += size
    return b"$FL3" + out[4:] + struct.pack("<qqq", start, at, len(trailer)) + body + trailer


def dataset_json(columns, rows):
    items = [{"itemOID": "IT." + name, "name": name, "label": name, "dataType": "string"} for name in columns]
    head = {"datasetJSONVersion": "1.1.0", "records": len(rows), "name": "K", "label": "", "columns": items}
    return (json.dumps(head)[:-1] + ',"rows":[').encode() + b",".join(rows) + b"]}"


def good(n):
    return b"".join(b"p%d,%s,%s,V%d,%d\n" % (i // 4, [b"L", b"R"][i // 2 % 2], [b"A", b"P"][i // 2 % 2], i % 2, i % 97) for i in range(n))


M = 1 << 20
CASES = {
    "empty-lines.csv": ("60 MB of empty lines", lambda: HEAD + b"\n" * (60 * M)),
    "delimiters.csv": ("60 MB of rows of delimiters", lambda: HEAD + b",,,,\n" * (12 * M)),
    "short-rows.csv": ("30 million rows of one cell", lambda: HEAD + b"1\n" * (30 * M)),
    "rows.csv": ("60 MB of ordinary rows", lambda: HEAD + good(4 * M)),
    "wide.csv": ("3 000 rows of 16 384 empty cells", lambda: ",".join(NAMES + ["c%d" % i for i in range(16379)]).encode() + b"\n" + (b"1" + b"," * 16383 + b"\n") * 3000),
    "wider.csv": ("20 000 columns", lambda: ",".join(NAMES + ["c%d" % i for i in range(19995)]).encode() + b"\n" + (b"1" + b"," * 19999 + b"\n") * 10),
    "one-line.csv": ("one line of 200 MB", lambda: b"a" * (200 * M)),
    "open-quote.csv": ("a quote that never closes, 60 MB", lambda: HEAD + b'"' + b"a\n" * (30 * M)),
    "zeros.csv": ("a sparse file of 1.9 GB of zeros", lambda: 1_900_000_000),
    "utf16.csv": ("100 MB of UTF-16", lambda: b"\xff\xfe" + (HEAD + good(2 * M)).decode().encode("utf-16-le")),
    "long-cells.csv": ("100 cells of 4 MB", lambda: HEAD + b"".join(b"p%d,L,A,V0," % i + b"x" * (4 * M) + b"\n" for i in range(100))),
    "zeros.csv.gz": ("1 GB of zeros, packed", lambda: packed(b"\0" * M for _ in range(1020))),
    "empty-lines.csv.gz": ("900 MB of empty lines, packed", lambda: packed([HEAD] + [b"\n" * M] * 900)),
    "rows.csv.gz": ("400 MB of rows, packed", lambda: packed([HEAD] + [b"p1,L,A,V0,1\n" * (M // 12)] * 400)),
    "long.csv.gz": ("900 MB in one line, packed", lambda: packed([HEAD] + [b"x" * M] * 900)),
    "shared-text.xlsx": ("one text of 10 MB in 100 000 cells", lambda: xlsx(sheet(b'<row r="%d"><c t="s"><v>0</v></c></row>' % (i + 2) for i in range(100_000)), strings([b"x" * (10 * M)]))),
    "texts.xlsx": ("8 million shared texts", lambda: xlsx(sheet([]), strings(b"t%d" % i for i in range(8_000_000)))),
    "corner.xlsx": ("cells in the first and the last corner", lambda: xlsx(sheet([b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>']))),
    "rows.xlsx": ("1 million rows of 20 numbers", lambda: xlsx(sheet(b'<row r="%d">' % (i + 2) + b"<c><v>1</v></c>" * 20 + b"</row>" for i in range(1_000_000)))),
    "inline.xlsx": ("900 MB of text in 2 000 cells", lambda: xlsx(sheet(row(i + 2, [b"x" * 450_000]) for i in range(2_000)))),
    "empty-cells.xlsx": ("60 million cells without a value", lambda: xlsx(sheet(b'<row r="%d">' % (i + 2) + b"<c/>" * 16_000 + b"</row>" for i in range(3_750)))),
    "empty-rows.xlsx": ("40 million rows", lambda: xlsx(sheet(b"<row/>" * 1000 for i in range(40_000)))),
    "hidden.xlsx": ("30 million hidden rows", lambda: xlsx(sheet(b'<row hidden="1"/>' * 1000 for i in range(30_000)))),
    "merged.xlsx": ("8 million merged cells", lambda: xlsx(sheet([], b"<mergeCells>" + b'<mergeCell ref="A2:A9"/>' * 8_000_000 + b"</mergeCells>"))),
    "bomb.xlsx": ("a part of 4 GB", lambda: xlsx(sheet(b" " * M for _ in range(4096)))),
    "repeat.ods": ("one text of 1 MB repeated in 60 000 rows", lambda: ods([ods_rows(ods_cell(b"x" * M), 60_000)])),
    "repeat-all.ods": ("a cell repeated over the whole sheet", lambda: ods([ods_rows(ods_cell(b"1", 16_384), 1_048_576)])),
    "repeat-number.ods": ("40 million equal cells", lambda: ods([ods_rows(ods_cell(b"1", 40), 1_000_000)])),
    "endless.ods": ("a cell repeated 4 billion times", lambda: ods([ods_rows(ods_cell(b"1", 4_000_000_000), 4_000_000_000)])),
    "deep.ods": ("a million elements in each other", lambda: ods([b"<table:table-row><table:table-cell>" + b"<text:p>" * 1_000_000])),
    "long.ods": ("900 MB of text", lambda: ods(ods_rows(ods_cell(b"x" * M), 1) for _ in range(900))),
    "corner.xls": ("a cell in the last corner", lambda: xls([label(0, i, i) for i in range(5)] + [label(65535, 255, 0)], [n.encode() for n in NAMES])),
    "text.xls": ("one text of 32 767 in 300 000 cells", lambda: xls([label(0, i, i) for i in range(5)] + [label(r + 1, c, 5) for r in range(60_000) for c in range(5)], [n.encode() for n in NAMES] + [b"x" * 32_767])),
    "count.dta": ("2^60 rows", lambda: dta([], counted=1 << 60)),
    "long-text.dta": ("one text of 10 MB in 100 000 cells", lambda: dta([struct.pack("<HHI", 1, 1, 0)] * 100_000, b"x" * (10 * M), [32768])),
    "rows.dta": ("3 million rows", lambda: dta([b"p1\0\0\0L\0\0\0\0AV0" + struct.pack("<d", 1.0)] * 3_000_000)),
    "wide.dta": ("2 000 rows of 30 000 bytes of text", lambda: dta([b"x" * 30_000] * 2_000, kinds=[2000] * 15)),
    "columns.dta": ("32 000 variables", lambda: dta([b"x" * 32_000], kinds=[1] * 32_000)),
    "blank.sav": ("400 million blanks packed", lambda: sav(b"\xfe" * (50 * M), [8] * 5)),
    "numbers.sav": ("50 million numbers packed", lambda: sav(b"\x65" * (50 * M // 40 * 40), [0] * 5)),
    "long.sav": ("texts of 255 bytes packed", lambda: sav(b"\x65" * (80 * M // 160 * 160), [255] * 5)),
    "blank.zsav": ("1 GB of codes deflated", lambda: sav([b"\xfe" * (16 * M)] * 63, [8] * 5, 2)),
    "numbers.zsav": ("100 million numbers deflated", lambda: sav([b"\x65" * (5 * M)] * 19, [0] * 5, 2)),
    "columns.json": ("80 000 columns", lambda: dataset_json(NAMES + ["C%d" % i for i in range(79_995)], [b"[" + b",".join([b'"1"'] * 80_000) + b"]"])),
    "arrays.json": ("40 MB of empty arrays", lambda: dataset_json(NAMES, [b"[]"] * (13 * M))),
    "cells.json": ("60 MB of cells", lambda: dataset_json(NAMES, [b'["a","L","A","V0","1"]'] * (60 * M // 23))),
    "deep.json": ("10 million brackets", lambda: b"[" * (10 * M)),
    "rows.ndjson": ("60 MB of rows", lambda: dataset_json(NAMES, []).replace(b',"rows":[]', b"").replace(b'"records": 0', b'"records": %d' % (60 * M // 23)) + b"\n" + b'["a","L","A","V0","1"]\n' * (60 * M // 23)),
    "rows.dsjc": ("900 MB of rows deflated", lambda: zlib.compress(dataset_json(NAMES, []).replace(b',"rows":[]', b"") + b"\n" + b'["a","L","A","V0","1"]\n' * (900 * M // 23))),
}


def results(name):
    """Files for `compare`."""
    return {
        "arrays.results": b'{"results":[' + b",".join([b"[]"] * (15 * M)) + b"]}",
        "objects.results": b'{"results":[' + b",".join([b'{"a":1}'] * (5 * M)) + b"]}",
        "text.results": b'{"results":[{"id":"' + b"x" * (100 * M) + b'"}]}',
        "deep.results": b"[" * (20 * M),
    }[name]


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def attempt(arguments, folder, name):
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before = used()
    done = subprocess.run(arguments, cwd=folder, capture_output=True, preexec_fn=limited)
    code, said = done.returncode, (done.stderr + done.stdout).decode("utf8", "replace")
    taken = used() - before
    right = code in (0, 1, 2, 3) and "panicked" not in said and "memory allocation" not in said and (code == 0 or name in said)
    line = next((line for line in said.splitlines() if line.startswith("error")), said.splitlines()[0] if said else "")
    print(f"{'ok   ' if right else 'WRONG'} {code!s:>4} {taken:6.1f} s  {arguments[1]:8} {name:20} {line[:150]}", flush=True)
    if not right: print("        ", said[-300:].replace("\n", " | "))
    return right


def main():
    program, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    right = tried = 0
    for name, (_, make) in CASES.items():
        if wanted and not any(w in name for w in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = make()
            with open(f"{folder}/{name}", "wb") as file:
                if isinstance(made, int):
                    file.truncate(made)
                else:
                    file.write(made)
            del made
            with open(f"{folder}/plan.toml", "w") as file:
                file.write(PLAN % name)
            tried += 1
            right += attempt([program, "check", "plan.toml"], folder, name)
    for name in ["arrays.results", "objects.results", "text.results", "deep.results"]:
        if wanted and not any(w in name for w in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            for copy in (name, "other.results"):
                with open(f"{folder}/{copy}", "wb") as file:
                    file.write(results(name))
            tried += 1
            right += attempt([program, "compare", name, "other.results"], folder, name)
    print(f"{tried} files, {tried - right} wrong")
    sys.exit(right != tried)


if __name__ == "__main__":
    main()
