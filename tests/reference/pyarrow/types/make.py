# Column types as pandas and pyarrow write them. pyarrow; run in this folder: python make.py
import datetime as dt
import pyarrow as pa
import pyarrow.parquet as pq

day = dt.datetime(2024, 3, 9)
table = pa.table({
    "id": pa.array(["007", "008", None]),
    "side": pa.array(["L", "R", "L"]).dictionary_encode(),
    "int32": pa.array([1, None, -99], pa.int32()),
    "int64": pa.array([1, 2, 3], pa.int64()),
    "huge": pa.array([9007199254740993, 1, None], pa.int64()),
    "float": pa.array([61.5, float("nan"), None], pa.float64()),
    "single": pa.array([0.5, 0.25, None], pa.float32()),
    "flag": pa.array([True, False, None]),
    "date": pa.array([dt.date(2024, 3, 9), dt.date(1959, 12, 31), None], pa.date32()),
    "midnight": pa.array([day, None, day], pa.timestamp("us")),
    "moment": pa.array([day.replace(hour=10, minute=15), None, day], pa.timestamp("ns")),
    "nothing": pa.array([None, None, None], pa.null()),
})
pq.write_table(table, "types.parquet")
pq.write_table(table, "zstd.parquet", compression="zstd")
pq.write_table(pa.table({"int8": pa.array([1, -2, None], pa.int8()), "int16": pa.array([300, -2, None], pa.int16()),
                         "uint8": pa.array([255, 2, None], pa.uint8()), "uint16": pa.array([65535, 2, None], pa.uint16()),
                         "uint32": pa.array([1, 2, None], pa.uint32())}), "small.parquet")
pq.write_table(pa.table({"list": pa.array([[1], [2]])}), "list.parquet")
