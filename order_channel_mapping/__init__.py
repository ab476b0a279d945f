from . import connectors
from . import models
