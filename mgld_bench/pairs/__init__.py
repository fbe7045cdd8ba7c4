"""Test pairs: the degradation's operators, the plan of what is drawn, building pairs and verifying them."""
