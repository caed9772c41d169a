#!/usr/bin/env python3
"""Time (by the clock, and of the processors, which other work on the machine does not lengthen), memory and size of the page
for trials of growing size.

    cargo build --release && python3 benches/load.py target/release/splitknee [LARGEST]

Makes trials of 100, 1 000, 10 000 and 100 000 patients (3 visits, 2 endpoints), of 10, 40 and 200 endpoints, and of 40 visits
by 30 endpoints, runs each, and prints a table in Markdown. Trials of more than LARGEST cells (default: all) are left out. Only
Python's own library is used."""
import os, random, resource, subprocess, sys, tempfile, time

SIZES = [(100, 3, 2), (1_000, 3, 2), (10_000, 3, 2), (100_000, 3, 2), (100, 3, 10), (100, 3, 40), (100, 3, 200), (100, 40, 30)]


def make(folder, patients, visits, endpoints):
    """A trial whose endpoints improve a little more in the active knee."""
    draw = random.Random(1)
    names = [f"V{visit}" for visit in range(visits)]
    with open(f"{folder}/knees.csv", "w") as file:
        file.write("id,side,arm,visit," + ",".join(f"e{at}" for at in range(endpoints)) + "\n")
        for patient in range(patients):
            for place, side in enumerate(("LEFT", "RIGHT")):
                active = (place + patient) % 2 == 0
                level = [draw.gauss(50, 12) for _ in range(endpoints)]
                for visit, name in enumerate(names):
                    gain = 3 if active and visit else 0
                    values = (min(100, max(0, round(mean + draw.gauss(0, 8) - gain))) for mean in level)
                    cells = ",".join(map(str, values))
                    file.write(f"P{patient:06},{side},{'A' if active else 'P'},{name},{cells}\n")
    plan = '[trial]\nid = "L"\ntitle = "Load"\nsynthetic = true\n[data]\npath = "knees.csv"\n'
    plan += 'columns = { patient = "id", knee = "side", arm = "arm", visit = "visit" }\n[arms]\nactive = "A"\nplacebo = "P"\n'
    plan += f"[visits]\norder = [{', '.join(repr(name) for name in names)}]\nbaseline = 'V0'\nprimary = '{names[-1]}'\n"
    for at in range(endpoints):
        role = "primary" if at == 0 else "secondary"
        plan += f'[[endpoint]]\nname = "E{at}"\ncolumn = "e{at}"\nkind = "continuous"\nrange = [0, 100]\nbetter = "lower"\n'
        plan += f'role = "{role}"\ndecimals = 0\n'
    with open(f"{folder}/plan.toml", "w") as file:
        file.write(plan + '[report]\nformats = ["html"]\n')


def main():
    program = os.path.abspath(sys.argv[1])
    largest = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 62
    print("| Patients | Visits | Endpoints | Seconds | of CPU | Memory, MB | Page, MB | Other pages |\n|" + " ---: |" * 8)
    for patients, visits, endpoints in SIZES:
        if 2 * patients * visits * endpoints > largest:
            continue
        with tempfile.TemporaryDirectory() as folder:
            make(folder, patients, visits, endpoints)
            start = time.time()
            child = subprocess.Popen(
                [program, "run", f"{folder}/plan.toml", "--out", f"{folder}/out"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            said = child.stderr.read().decode("utf8", "replace")
            _, status, usage = os.wait4(child.pid, 0)
            seconds, code = time.time() - start, os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            if code:
                print(f"| {patients} | {visits} | {endpoints} | exit {code}: {said.strip().splitlines()[0] if said.strip() else ''} ||||||")
                continue
            pages = [name for name in os.listdir(f"{folder}/out") if name.endswith(".html")]
            page = os.path.getsize(f"{folder}/out/report.html") / 1e6
            print(f"| {patients} | {visits} | {endpoints} | {seconds:.1f} | {cpu:.1f} | {usage.ru_maxrss / 1000:.0f} | {page:.1f} | {len(pages) - 1} |", flush=True)


if __name__ == "__main__":
    main()
