"""Use cases that span more than one store call or another part. No pass-through functions: a plain read goes from route to store/."""
