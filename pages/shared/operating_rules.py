"""What the rules that find a decision threshold are called on pages, by their names in `core.evaluation`."""

RULE_TITLES = {
    "half": "0.5",
    "youden": "Youden's J",
    "sensitivity": "Minimum sensitivity",
    "specificity": "Minimum specificity",
    "cost": "Lowest cost",
}
