//! The binary as people start it.

#[cfg(test)]
mod postgres;
#[cfg(test)]
mod program;

#[cfg(test)]
mod alerting;
mod configuring;
mod demo;
#[cfg(test)]
mod described;
#[cfg(test)]
mod doctoring;
#[cfg(test)]
mod granting;
#[cfg(test)]
mod inviting;
mod mapping;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod operating;
mod parts;
#[cfg(test)]
mod readme;
mod rebuilding;
mod refusals;
#[cfg(test)]
mod schemas;
mod serving;
