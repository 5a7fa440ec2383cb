// Nothing: the target of this file owns the precompiled header of all test programs.
