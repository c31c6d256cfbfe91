"""The model that cog serves; this folder is its working directory."""
