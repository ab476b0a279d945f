"""Pictures as Odoo can keep them."""

import io

from PIL import Image

#: the most that Odoo takes
MAX_PIXELS = 50_000_000


class UnreadablePicture(Exception):
    """Bytes that begin like a picture and are none that can be kept."""


def plain_picture(picture):
    """A picture that Odoo can make small ones of: WebP, which it would show whole in every list, becomes PNG or JPEG.

    :param bytes picture: JPEG, PNG, GIF or WebP
    :rtype: bytes
    :raise UnreadablePicture: broken, or larger than 50 megapixels
    """
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadablePicture("It is larger than 50 megapixels.")
            image.load()
            if image.format != "WEBP":
                return picture
            opaque = image.mode == "RGB"
            out = io.BytesIO()
            image.convert("RGB" if opaque else "RGBA").save(out, "JPEG" if opaque else "PNG", quality=90)
            return out.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadablePicture(f"It can't be read: {error}") from error
