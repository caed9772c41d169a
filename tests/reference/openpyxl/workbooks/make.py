# Workbooks as trials have them. openpyxl 3.1; run in this folder: python make.py
# openpyxl stores no value for a formula, as any program does that does not compute.
import datetime as dt
import openpyxl

book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Knees"
sheet.append(["EV-KNEE-01, exported", None, None, None, None, None, None])
sheet.append([])
sheet.append(["id", " side ", "vas", "visited", "mixed", "flag", None])
sheet.append(["007", "L", 61.5, dt.date(2024, 3, 9), "12,5", True])
sheet.append(["007", "R", 40, dt.date(2024, 3, 9), 7, False])
sheet.append([])
sheet.append(["008", "左", None, dt.date(2024, 12, 31), dt.datetime(2024, 3, 9, 10, 15), True])
sheet.append(["008", "R", "NA", None, "x", None])
book.save("knees.xlsx")

book.create_sheet("Events").append(["id"])
book.create_sheet("Old").sheet_state = "hidden"
book.save("sheets.xlsx")

book = openpyxl.Workbook()
book.active.append(["id", "vas", "total"])
book.active.append(["a", 1, "=B2*2"])
book.active.append(["b", "#DIV/0!", 3])
book.active["B3"].data_type = "e"
book.save("formulas.xlsx")
