#!/usr/bin/env python3
"""Makes Markdown tables of what `validate engines --json` wrote.

usage: pairs_table.py FILE.json

For each two engines or devices: how many results were compared, how many are equal voxel by voxel, how many are within
the tolerance, the largest share of the allowed error, the least Pearson's r, and of masks and labels the least Dice and
sparse Jaccard indices.
"""

import collections
import json
import sys

document = json.load(open(sys.argv[1], encoding="utf-8"))
pairs = collections.defaultdict(list)
for row in document["pairs"]:
    pairs[row["reference"], row["test"]].append(row)


def least(rows, *keys):
    """The smallest of some figures, and the operation that it is of."""
    found = [(row[key], row["operation"]) for row in rows for key in keys if row.get(key) is not None]
    return f"{min(found)[0]:.9g} ({min(found)[1]})" if found and min(found)[0] < 1 else "1" if found else "–"


print(f"{document['pairs_within_tolerance']} of {document['pairs_compared']} pairs agree, {document['skipped']} results skipped, "
      f"{document['failed']} failed; revision `{document['git_revision'][:12]}`.\n")
print("| a | b | compared | equal | within tolerance | largest error, share of the allowed | least r | least Dice | least sparse Jaccard |")
print("| --- | --- | ---: | ---: | ---: | --- | --- | --- | --- |")
for (a, b), rows in pairs.items():
    shares = [(row["max_abs_error"] / row["error_allowed"], f"{row['operation']} {row['dtype']}") for row in rows
              if row["error_allowed"] and row["max_abs_error"] is not None and not row.get("dice_needed")]
    worst = f"{max(shares)[0]:.2g} ({max(shares)[1]})" if shares else "–"
    print(f"| {a} | {b} | {len(rows)} | {sum(row['differing_voxels'] == 0 for row in rows)} | "
          f"{sum(row['within_tolerance'] for row in rows)} | {worst} | {least(rows, 'pearson_r')} | {least(rows, 'dice')} | "
          f"{least(rows, 'sparse_jaccard', 'sparse_jaccard_reverse')} |")
