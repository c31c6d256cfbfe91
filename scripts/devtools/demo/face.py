"""A portrait for the demo, drawn on the spot: nobody's real face is shipped."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

_SIZE = 640


def draw_face() -> bytes:
    """Draw a friendly face and return it as PNG bytes, 640×640 pixels."""
    picture = Image.new("RGB", (_SIZE, _SIZE), "#8ecae6")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((272, 440, 368, 580), fill="#dcb088")
    draw.ellipse((90, 525, 550, 995), fill="#023047")
    draw.ellipse((262, 500, 378, 580), fill="#dcb088")
    draw.ellipse((150, 70, 490, 330), fill="#5b3a1e")
    draw.ellipse((170, 110, 470, 500), fill="#f2c9a1")
    draw.chord((160, 80, 480, 300), 180, 360, fill="#5b3a1e")
    for x in (258, 382):
        draw.ellipse((x - 26, 255, x + 26, 300), fill="white")
        draw.ellipse((x - 12, 266, x + 12, 290), fill="#1d3557")
        draw.arc((x - 36, 215, x + 36, 265), 200, 340, fill="#5b3a1e", width=9)
    draw.arc((295, 290, 345, 360), 30, 150, fill="#d49a6a", width=6)
    draw.chord((240, 350, 400, 450), 10, 170, fill="#c1121f")
    draw.chord((262, 375, 378, 420), 10, 170, fill="white")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
