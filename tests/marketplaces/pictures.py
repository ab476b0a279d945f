"""Pictures of what the simulated shops sell: a coloured tile each, made when somebody asks for it."""

from __future__ import annotations

import colorsys
import io
import zlib
from functools import lru_cache

from PIL import Image, ImageDraw

#: stands in a shop's records for its own address, which is known only when it answers
HOME = "https://pictures.invalid"
SIZE = 256


@lru_cache(maxsize=256)
def tile(name: str) -> bytes:
    """A PNG of 256 pixels, always the same for the same name."""
    seed = zlib.crc32(name.encode())
    colours = [
        tuple(round(255 * part) for part in colorsys.hls_to_rgb((seed % 360) / 360, light, 0.45))
        for light in (0.88, 0.55)
    ]
    picture = Image.new("RGB", (SIZE, SIZE), colours[0])
    draw = ImageDraw.Draw(picture)
    left, top = 40 + seed // 360 % 40, 40 + seed // 14400 % 40
    shapes = (draw.ellipse, draw.rectangle, lambda box, fill: draw.rounded_rectangle(box, 40, fill))
    shapes[seed % 3]((left, top, SIZE - left, SIZE - top), fill=colours[1])
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
