"""Refusals of the appraisal room."""

from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_


class AgencyNotOnPanel(RuleViolation):
    """Only agencies of the bank's panel are accepted."""

    code = "agency-not-on-panel"
    title = N_("The agency is not on the bank's panel")
    detail = N_(
        "The bank does not accept reports of %(agency)s on %(day)s. Choose an agency of its panel, "
        "or ask its collateral officer to add this one."
    )


class NotAnAgency(RuleViolation):
    """A panel holds appraisal agencies only."""

    code = "not-an-agency"
    title = N_("This organisation is no appraisal agency")
    detail = N_("Only appraisal agencies can be on a panel.")


class AssetNotAppraisable(RuleViolation):
    """A draft or withdrawn asset cannot be appraised."""

    code = "asset-not-appraisable"
    title = N_("The asset is not registered")
    detail = N_("Register the asset first; then its appraisal can be ordered.")


class ModelNotForAsset(RuleViolation):
    """The model does not value this kind of asset."""

    code = "model-not-for-asset"
    title = N_("The model does not fit the asset")
    detail = N_("“%(named)s” does not value this kind of asset. Choose one of: %(choices)s.")


class InternalNotAllowed(RuleViolation):
    """A bank appraises itself only what the rule of the day leaves to it."""

    code = "internal-appraisal-not-allowed"
    title = N_("The bank may not appraise this itself")
    detail = N_(
        "An internal appraisal is allowed for %(kinds)s and a loan below %(limit)s yuan. "
        "Order the appraisal from an agency of the panel."
    )


class InternalAboveSecured(RuleViolation):
    """What a bank appraises itself stays small with all that the asset secures already."""

    code = "internal-appraisal-secured-above-limit"
    title = N_("The asset secures too much for an appraisal by the bank itself")
    detail = N_(
        "What the asset secures already and the loan of %(loan)s yuan are together not below "
        "%(limit)s yuan, the limit of an internal appraisal. Order the appraisal from an agency "
        "of the panel."
    )


class InternalAfterAgency(RuleViolation):
    """Behind a security in force, an agency's report gives way to an agency's report only."""

    code = "internal-appraisal-after-agency"
    title = N_("An agency's appraisal stands behind a security in force")
    detail = N_(
        "The asset secures a loan on a valid appraisal of an agency; an appraisal by the bank "
        "itself cannot take its place. Order the appraisal from an agency of the panel."
    )


class MadeByAnother(RuleViolation):
    """Whoever sees an appraisal may read it; only its maker moves it."""

    code = "appraisal-made-by-another"
    title = N_("Another organisation makes this appraisal")
    detail = N_(
        "Only the agency that took the order, or the bank for its own, prepares and signs it."
    )


class FrontOfficeAppraisal(RuleViolation):
    """An internal appraisal is not made by who sells the loan."""

    code = "front-office-appraisal"
    title = N_("The front office does not appraise")
    detail = N_(
        "You handle applications of customers. The collateral officer makes an internal "
        "appraisal and a reviewer countersigns it."
    )


class PriceMissing(RuleViolation):
    """No value without a price: never zero, never last year's."""

    code = "price-missing"
    title = N_("A price is missing")
    detail = N_(
        "There is no price for %(titles)s on %(day)s. Import the series first, or state the price "
        "with its source."
    )


class NothingToSign(RuleViolation):
    """There is no result yet."""

    code = "nothing-to-sign"
    title = N_("There is nothing to sign yet")
    detail = N_("Enter the inputs and run the model first; then sign its result.")


class SameSigner(RuleViolation):
    """The two signatures of a report are two persons'."""

    code = "same-signer"
    title = N_("A second appraiser must countersign")
    detail = N_(
        "You signed this report as its appraiser. Ask a colleague to review and countersign."
    )


class ContentChanged(Conflict):
    """What is there now is not what was signed."""

    code = "content-changed"
    title = N_("The content is not what was signed")
    detail = N_(
        "The inputs or the result changed after the first signature. Return the report for correction."
    )


class ValueOutOfRange(RuleViolation):
    """A negative or absurd value cannot be reported."""

    code = "value-out-of-range"
    title = N_("This value cannot be reported")
    detail = N_(
        "The model gives %(value)s yuan. Check the inputs: costs exceed income, or a unit is wrong."
    )


class NoValidAppraisal(RuleViolation):
    """A revaluation stands on the inputs of a valid appraisal."""

    code = "no-valid-appraisal"
    title = N_("There is no valid appraisal")
    detail = N_("The asset has no appraisal valid on %(day)s. Order one first.")


class RecordedTooEarly(RuleViolation):
    """What is recorded lies over an appraisal, so it must be later."""

    code = "recorded-too-early"
    title = N_("The appraisal already speaks for that day")
    detail = N_(
        "The valid appraisal is of %(day)s. Record what was seen on a later day, or order a new appraisal."
    )


class RunInFuture(RuleViolation):
    """There are no prices of days to come."""

    code = "run-in-future"
    title = N_("This day has not come yet")
    detail = N_("A revaluation is possible up to today, %(today)s.")


class ExecutorUnavailable(RuleViolation):
    """The way of running was asked for but is not there."""

    code = "executor-unavailable"
    title = N_("This way of running is not available")
    detail = N_(
        "Running on %(executor)s needs the extra “cluster”, which is not enabled in this "
        "installation. Install greenpledge[cluster] and name its scheduler in "
        "GREENPLEDGE_DASK_SCHEDULER, or use serial or processes."
    )


class SchedulerUnknown(RuleViolation):
    """Answers of a cluster are unpickled, so only the one that the settings name is asked."""

    code = "scheduler-unknown"
    title = N_("This is not the scheduler of the settings")
    detail = N_(
        "The settings name another scheduler than %(executor)s. Use the address that stands in "
        "GREENPLEDGE_DASK_SCHEDULER, or change that setting."
    )


class ClusterUnreachable(RuleViolation):
    """The scheduler of the cluster does not answer, or has no worker."""

    code = "cluster-unreachable"
    title = N_("The cluster does not answer")
    detail = N_(
        "%(executor)s does not answer or has no worker. Start its scheduler and a worker, or use "
        "serial or processes."
    )


class ClusterDiffers(RuleViolation):
    """A worker has another version of the models than this installation."""

    code = "cluster-differs"
    title = N_("A worker runs another version")
    detail = N_(
        "The worker %(worker)s runs greenpledge %(theirs)s, this installation %(ours)s. Install "
        "the same version everywhere."
    )


class ReportOutOfDate(RuleViolation):
    """The validity of a report counts from its valuation day."""

    code = "report-out-of-date"
    title = N_("The report would no longer be valid")
    detail = N_(
        "By its valuation day the report was valid until %(day)s. Return it and value on a later day."
    )
