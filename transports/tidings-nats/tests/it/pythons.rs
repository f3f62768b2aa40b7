//! A program in another language that knows nothing of us but the standards.
