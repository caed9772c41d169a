#!/usr/bin/env python3
"""Stops a run at random moments and looks what is left.

    python3 tests/kills.py PROGRAM PLAN [TRIALS]       for each of SIGINT, SIGTERM, SIGHUP, SIGXFSZ and SIGKILL

PLAN is copied with its folder. After each stop the output is the OLD or the NEW one; the user's notes are there; nothing is
left beside it (after SIGKILL: after the next run). What is written is counted by signal."""
import filecmp, os, random, shutil, signal, subprocess, sys, tempfile, time

program, plan = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
trials = int(sys.argv[3]) if len(sys.argv) > 3 else 20
draw = random.Random(14)


def run(folder, *more):
    return [program, "run", os.path.join(folder, os.path.basename(plan)), "--out", os.path.join(folder, "out"), *more]


def same(a, b):
    """Whether two folders hold the same files, the user's notes apart."""
    seen = lambda folder: {
        os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names
    } - {"notes.txt"}
    return seen(a) == seen(b) and all(filecmp.cmp(os.path.join(a, name), os.path.join(b, name), False) for name in seen(a))


with tempfile.TemporaryDirectory() as home:
    first = os.path.join(home, "first")
    shutil.copytree(os.path.dirname(plan), first, ignore=shutil.ignore_patterns("results", "out"))
    before = set(os.listdir(first))
    subprocess.run(run(first), check=False, capture_output=True)
    old = os.path.join(home, "old")
    shutil.copytree(os.path.join(first, "out"), old)
    # A second plan of another title gives another output.
    path = os.path.join(first, os.path.basename(plan))
    text = open(path, encoding="utf8").read()
    open(path, "w", encoding="utf8").write(text.replace('title = "', 'title = "Second: ', 1))
    start = time.time()
    subprocess.run(run(first), check=False, capture_output=True)
    whole = time.time() - start
    new = os.path.join(home, "new")
    shutil.copytree(os.path.join(first, "out"), new)
    assert not same(old, new), "the two plans give the same output: nothing would be seen"
    wrong = 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXFSZ, signal.SIGKILL):
        found = {"OLD": 0, "NEW": 0, "MIX": 0, "MISSING": 0}
        strays = lost = 0
        out = os.path.join(first, "out")
        for _ in range(trials):
            shutil.rmtree(out)
            shutil.copytree(old, out)
            open(os.path.join(out, "notes.txt"), "w").write("signed")
            child = subprocess.Popen(run(first), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # Half of the stops at the end, where files are written.
            share = draw.uniform(0.0, 1.05) if draw.random() < 0.5 else draw.uniform(0.8, 1.05)
            time.sleep(share * whole)
            child.send_signal(number)
            child.wait()
            state = "MISSING" if not os.path.isdir(out) else "OLD" if same(out, old) else "NEW" if same(out, new) else "MIX"
            found[state] += 1
            lost += not os.path.exists(os.path.join(out, "notes.txt"))
            if number == signal.SIGKILL:
                subprocess.run(run(first), check=False, capture_output=True)
                lost += not os.path.exists(os.path.join(out, "notes.txt"))
            strays += len(set(os.listdir(first)) - before - {"out"})
        wrong += found["MIX"] + found["MISSING"] + strays + lost
        print(f"{number.name:8} {trials} stops: {found}, notes lost {lost}, strays {strays}", flush=True)
    print("nothing lost" if wrong == 0 else f"{wrong} WRONG")
    sys.exit(wrong > 0)
