"""`somatone doctor`: what this machine has and lacks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from somatone.ops.doctor import examine

STYLES = {"ok": "green", "note": "yellow", "lacks": "bold red"}


def doctor_command() -> bool:
    """Print every finding; whether somatone can play here."""
    findings = examine()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for finding in findings:
        table.add_row(Text(finding.verdict, style=STYLES[finding.verdict]), finding.what, finding.said)
    Console().print(table)
    lacking = [finding.what for finding in findings if finding.verdict == "lacks"]
    print(f"somatone cannot play here yet: {', '.join(lacking)}." if lacking else "somatone can play here.")
    return not lacking
