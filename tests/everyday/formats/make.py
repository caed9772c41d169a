"""Makes the samples of this folder: one small trial in every format that is read.

pip install pyreadstat==1.3.7 pandas xlwt odfpy openpyxl; then `python3 make.py`, and `Rscript make.R` for knees.sas7bdat
(haven::write_sas). knees.csv is made here too, and the tests compare every other file with it.
"""
import datetime

import openpyxl
import pandas as pd
import pyreadstat

VISITS = ["Baseline", "Month 3"]
rows = []
for patient in range(1, 11):
    for side in ["L", "R"]:
        treated = (side == "L") == (patient % 2 == 1)
        for number, visit in enumerate(VISITS):
            # Any plain numbers do; one value is missing.
            vas = 40 + (patient * 7 + (side == "R") * 5) % 23 - number * (9 if treated else 2) - (patient * number) % 4
            rows.append(
                dict(
                    pid=f"{patient:03d}",
                    knee=side,
                    trt="EV" if treated else "SALINE",
                    visit=visit,
                    vas=None if (patient == 4 and side == "R" and number == 1) else vas + 0.5 * (patient % 3 == 0),
                    date=datetime.date(2024, 1, 8) + datetime.timedelta(days=91 * number + patient),
                    age=50 + patient,
                )
            )
data = pd.DataFrame(rows)
data.to_csv("knees.csv", index=False)

# Treatment and visit as labelled codes, as statistical packages keep them.
coded = data.copy()
coded["trt"] = coded.trt.map({"EV": 1.0, "SALINE": 2.0})
coded["visit"] = coded.visit.map({"Baseline": 0.0, "Month 3": 3.0})
labels = {"trt": {1: "EV", 2: "SALINE"}, "visit": {0: "Baseline", 3: "Month 3"}}
about = ["Patient", "Knee", "Treatment", "Visit", "VAS pain (mm)", "Date", "Age"]
coded["vas"] = coded.vas.fillna(999)
pyreadstat.write_sav(coded, "knees.sav", column_labels=about, variable_value_labels=labels, missing_ranges={"vas": [999]})
pyreadstat.write_sav(
    coded, "packed.sav", column_labels=about, variable_value_labels=labels, missing_ranges={"vas": [999]}, row_compress=True
)
pyreadstat.write_sav(
    coded, "knees.zsav", column_labels=about, variable_value_labels=labels, missing_ranges={"vas": [999]}, compress=True
)
coded["vas"] = coded.vas.where(coded.vas != 999)
pyreadstat.write_dta(coded, "knees.dta", column_labels=about, variable_value_labels=labels, version=15)
pyreadstat.write_dta(coded, "stata13.dta", column_labels=about, variable_value_labels=labels, version=13)
pyreadstat.write_dta(coded, "stata12.dta", column_labels=about, variable_value_labels=labels, version=12)
pyreadstat.write_dta(coded, "stata8.dta", column_labels=about, variable_value_labels=labels, version=8)

data.to_excel("knees.xlsx", index=False)
data.to_excel("knees.ods", index=False, engine="odf")
import xlwt

book = xlwt.Workbook()
sheet = book.add_sheet("Knees")
day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
for column, name in enumerate(data.columns):
    sheet.write(0, column, name)
for number, row in enumerate(rows, start=1):
    for column, name in enumerate(data.columns):
        value = row[name]
        if isinstance(value, datetime.date):
            sheet.write(number, column, value, day)
        elif value is not None:
            sheet.write(number, column, value)
book.save("knees.xls")

# Codes that a file calls missing itself, of numbers and texts, and letters of Stata; formats of SAS that name a catalogue.
small = pd.DataFrame({"pid": ["001", "002", "003", "004"], "vas": [41.0, 99.0, 98.0, 99.0], "note": ["ok", "X", "ok", "ok"]})
pyreadstat.write_sav(
    small,
    "missing.sav",
    missing_ranges={"vas": [98, 99], "note": ["X"]},
    variable_value_labels={"vas": {98: "refused", 99: "not asked"}},
)
lettered = pd.DataFrame({"pid": [1.0, 2.0, 3.0], "vas": [41, "a", 43]})
pyreadstat.write_dta(lettered, "missing.dta", missing_user_values={"vas": ["a"]})
formatted = pd.DataFrame({"sex": [1.0, 2.0], "vas": [41.0, 42.0], "day": [23000.0, 23001.0]})
pyreadstat.write_xport(formatted, "formats.xpt", variable_format={"sex": "SEXF2.", "vas": "BEST12.", "day": "DATE9."})

# Codes of the file's own: 95 among the values is called missing, 88 is labelled so and not called so, the last patient is not
# selected.
rows = []
for patient in range(1, 9):
    for number, visit in enumerate(["Baseline", "Month 3"]):
        for side, arm in [("L", "EV"), ("R", "SAL")]:
            rows.append([f"P{patient:02}", side, visit, arm, float(30 + 5 * patient + 3 * number), float(patient != 8)])
rows[4][4] = 95.0
rows[9][4] = 88.0
codes = pd.DataFrame(rows, columns=["id", "side", "visit", "arm", "vas", "filter_$"])
pyreadstat.write_sav(
    codes,
    "codes.sav",
    missing_ranges={"vas": [{"lo": 90, "hi": 100}]},
    variable_value_labels={"vas": {88: "Not assessed"}},
)

# A value struck through, one shown as per cent and one in a format of leading zeros, in a workbook of Excel 97.
book = xlwt.Workbook()
sheet = book.add_sheet("Knees")
for column, name in enumerate(["id", "vas", "pain"]):
    sheet.write(0, column, name)
for row in range(1, 21):
    sheet.write(row, 0, f"P{row:02}")
    style = xlwt.easyxf("font: struck_out on") if row == 2 else xlwt.easyxf(num_format_str="0%") if row == 5 else xlwt.XFStyle()
    sheet.write(row, 1, 0.45 if row == 5 else 30 + row, style)
    sheet.write(row, 2, row % 7)
book.save("struck.xls")
