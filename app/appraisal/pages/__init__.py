"""Pages of the appraisal room."""

from app.appraisal.pages.appraisals import blueprint as appraisals
from app.appraisal.pages.gep_accounts import blueprint as gep_accounts
from app.appraisal.pages.importing import blueprint as importing
from app.appraisal.pages.models import blueprint as models
from app.appraisal.pages.panel import blueprint as panel
from app.appraisal.pages.runs import blueprint as runs

BLUEPRINTS = (appraisals, models, importing, runs, panel, gep_accounts)

__all__ = ["BLUEPRINTS"]
