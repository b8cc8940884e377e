#!/usr/bin/env -S uv run
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "httpx==0.28.1",
#   "rich>=13",
#   "not a requirement",
# ]
# ///
"""# /// script"""
import httpx
