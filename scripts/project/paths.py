"""Where things are in the project."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SUPABASE_DIR = PROJECT / "supabase"
PLATFORM_SQL = PROJECT / "sql" / "platform"
NODE_DIR = PROJECT / "scripts" / "local_stack" / "node"
MODEL_DIR = PROJECT / "scripts" / "stand_ins" / "replicate" / "model"
STATE_DIR = PROJECT / ".thumbsmith"
DEFAULT_DATA_DIR = STATE_DIR / "stack"
CACHE_DIR = STATE_DIR / "cache"
