"""Quarto runs this before it renders: it puts together what live cells load."""

import sys

from bookbuild.live import main

sys.exit(main())
