"""Every permission of the product. Which role holds which stands in `identity/permissions.yaml`."""

from enum import StrEnum


class Permission(StrEnum):
    """What an actor may do; read by services, the navigation and the route tests."""

    # identity and oversight of the platform
    MANAGE_ORGANISATIONS = "manage-organisations"
    MANAGE_PEOPLE = "manage-people"
    MANAGE_OWN_TOKENS = "manage-own-tokens"
    READ_AUDIT = "read-audit"
    READ_JOBS = "read-jobs"
    # reference and market
    READ_REFERENCE = "read-reference"
    IMPORT_CATALOGUE = "import-catalogue"
    ACCEPT_CATALOGUE = "accept-catalogue"
    PROPOSE_POLICY = "propose-policy"
    ACCEPT_POLICY = "accept-policy"
    IMPORT_PRICES = "import-prices"
    READ_PRICES = "read-prices"
    # assets
    READ_ASSETS = "read-assets"
    REGISTER_ASSET = "register-asset"
    MEASURE_ASSET = "measure-asset"
    CERTIFY_ASSET = "certify-asset"
    FILE_ASSET = "file-asset"
    # appraisal
    READ_APPRAISALS = "read-appraisals"
    ORDER_APPRAISAL = "order-appraisal"
    PREPARE_APPRAISAL = "prepare-appraisal"
    SIGN_APPRAISAL = "sign-appraisal"
    RECORD_VALUATION_INPUTS = "record-valuation-inputs"
    MANAGE_PANEL = "manage-panel"
    RUN_REVALUATION = "run-revaluation"
    READ_GEP_ACCOUNTS = "read-gep-accounts"
    KEEP_GEP_ACCOUNTS = "keep-gep-accounts"
    # origination
    READ_APPLICATIONS = "read-applications"
    APPLY_FOR_LOAN = "apply-for-loan"
    TAKE_APPLICATION = "take-application"
    COMPOSE_POOL = "compose-pool"
    INVESTIGATE = "investigate"
    CONFIRM_INVESTIGATION = "confirm-investigation"
    REVIEW_APPLICATION = "review-application"
    APPROVE_APPLICATION = "approve-application"
    SIGN_CONTRACT = "sign-contract"
    REQUEST_DRAWDOWN = "request-drawdown"
    CHECK_DRAWDOWN = "check-drawdown"
    POST_DRAWDOWN = "post-drawdown"
    # loans
    READ_LOANS = "read-loans"
    POST_REPAYMENT = "post-repayment"
    CLOSE_DAY = "close-day"
    WRITE_OFF_LOAN = "write-off-loan"
    IMPORT_LOANS = "import-loans"
    READ_LEDGER = "read-ledger"
    PROPOSE_ENTRY = "propose-entry"
    CHECK_ENTRY = "check-entry"
    # collateral
    READ_COLLATERAL = "read-collateral"
    CONFIRM_RECOGNISED_VALUE = "confirm-recognised-value"
    REGISTER_PLEDGE = "register-pledge"
    RELEASE_PLEDGE = "release-pledge"
    REVIEW_WARNING = "review-warning"
    ISSUE_TOP_UP_NOTICE = "issue-top-up-notice"
    RUN_STRESS = "run-stress"
    # oversight
    READ_BALANCES = "read-balances"
    READ_BALANCE_DETAIL = "read-balance-detail"
