from . import secrets
from . import webhook
