"""Let the tests here share the made-up layouts and the place of the real files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
