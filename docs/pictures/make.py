#!/usr/bin/env python3
"""The pictures of docs/outputs.md, made from the output of the demo.

    splitknee demo --out demo
    python3 docs/pictures/make.py demo with-more

`with-more` is a run of the demo's plan with subgroups, OMERACT-OARSI domains, tests over visits and of agreement,
`[sample_size]`, and a setting changed after `splitknee lock`.

Needs Chromium and Pillow. Tables are cut at PAGE pixels: the picture shows the beginning.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from PIL import Image, ImageChops

HERE = pathlib.Path(__file__).parent
WIDTH, PAGE, COLOURS = 760, 620, 32


def trimmed(image):
    image = image.convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    return image.crop((0, 0, image.width, min(image.height, (box[3] if box else 1) + 8)))


def save(image, name):
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(HERE / f"{name}.png", optimize=True)


def figure(path, name):
    image = Image.open(path).convert("RGB")
    image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    save(image.crop((0, 0, WIDTH, min(image.height, 2 * PAGE))), name)


def table(style, fragment, name):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "table.html"
        body = f'<body><main style="max-width:none;margin:8px;padding:0">{fragment}</main></body>'
        page.write_text(f'<!doctype html><meta charset="utf-8"><style>{style}</style>{body}', encoding="utf-8")
        shot = pathlib.Path(folder) / "table.png"
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{PAGE + 90}",
             f"--screenshot={shot}", page.as_uri()],
            check=True, capture_output=True,
        )
        image = Image.open(shot)
        save(trimmed(image.crop((0, 0, WIDTH, PAGE))), name)


def kind(identifier, endpoints):
    """`t-14-2-3-vas-comparison` is a picture of `t-comparison`, `waterfall-vas` of `waterfall`."""
    identifier = re.sub(r"^([tl])-(?:\d+-)+", r"\1-", identifier)
    for endpoint in endpoints:
        if match := re.fullmatch(rf"t-{endpoint}-(.*)", identifier):
            return f"t-{match[1]}"
        if identifier == f"sensitivity-forest-{endpoint}-estimands":
            return "estimand-forest"
        if re.fullmatch(rf"tipping-map-{endpoint}-\d+", identifier):
            return "tipping-map"
        if identifier == f"l-{endpoint}":
            return "l-values"
        if identifier.endswith(f"-{endpoint}"):
            return identifier.removesuffix(f"-{endpoint}")
    return identifier


def main(folders):
    wanted = set(re.findall(r"\]\(pictures/(.*?)\.png\)", (HERE.parent / "outputs.md").read_text(encoding="utf-8")))
    for folder in map(pathlib.Path, folders):
        html = (folder / "report.html").read_text(encoding="utf-8")
        endpoints = re.findall(r'<section id="endpoint-(.*?)"', html)
        style = re.search(r"<style>(.*?)</style>", html, re.S)[1]
        for path in sorted((folder / "figures").glob("f-*.png")):
            name = kind(path.stem[2:], endpoints)
            if name in wanted:
                wanted.remove(name)
                figure(path, name)
        for fragment in re.findall(r'<div class="table(?: short)?" id=".*?(?=<div class="table(?: short)?" id="|<figure|<p>|<p class=|<dl>|</section>)', html, re.S):
            name = kind(re.search(r'id="(.*?)"', fragment)[1], endpoints)
            if name in wanted:
                wanted.remove(name)
                table(style, fragment, name)
    if wanted:
        sys.exit(f"no picture of: {', '.join(sorted(wanted))}")


if __name__ == "__main__":
    main(sys.argv[1:])
