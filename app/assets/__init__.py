"""Registry of ecological assets: rights, parcels, owners, measurement, evidence, encumbrances."""
