export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      checkouts: {
        Row: {
          created_at: string;
          credits: number | null;
          error: string | null;
          expires_at: string | null;
          finished_at: string | null;
          id: string;
          idempotency_key: string;
          item_key: string | null;
          item_kind: 'pack' | 'subscription' | 'portal';
          profile_id: string;
          quantity: number;
          status: 'requested' | 'open' | 'pending' | 'completed' | 'expired' | 'failed';
          stripe_session_id: string | null;
          url: string | null;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          credits?: number | null;
          error?: string | null;
          expires_at?: string | null;
          finished_at?: string | null;
          id?: string;
          idempotency_key: string;
          item_key?: string | null;
          item_kind: 'pack' | 'subscription' | 'portal';
          profile_id: string;
          quantity?: number;
          status?: 'requested' | 'open' | 'pending' | 'completed' | 'expired' | 'failed';
          stripe_session_id?: string | null;
          url?: string | null;
        };
        Update: {
          created_at?: string;
          credits?: number | null;
          error?: string | null;
          expires_at?: string | null;
          finished_at?: string | null;
          id?: string;
          idempotency_key?: string;
          item_key?: string | null;
          item_kind?: 'pack' | 'subscription' | 'portal';
          profile_id?: string;
          quantity?: number;
          status?: 'requested' | 'open' | 'pending' | 'completed' | 'expired' | 'failed';
          stripe_session_id?: string | null;
          url?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'checkouts_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      credit_entries: {
        Row: {
          amount: number;
          balance_after: number;
          created_at: string;
          debt: number;
          debt_lot_id: number | null;
          entry_number: number;
          generation_id: string | null;
          kind:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate';
          lot_id: number;
          profile_id: string;
          reason: string | null;
        };
        ComputedFields: never;
        Insert: {
          amount: number;
          balance_after: number;
          created_at?: string;
          debt?: number;
          debt_lot_id?: number | null;
          entry_number: number;
          generation_id?: string | null;
          kind:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate';
          lot_id: number;
          profile_id: string;
          reason?: string | null;
        };
        Update: {
          amount?: number;
          balance_after?: number;
          created_at?: string;
          debt?: number;
          debt_lot_id?: number | null;
          entry_number?: number;
          generation_id?: string | null;
          kind?:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate';
          lot_id?: number;
          profile_id?: string;
          reason?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'credit_entries_debt_lot_id_fkey';
            columns: ['debt_lot_id'];
            isOneToOne: false;
            referencedRelation: 'credit_lots';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_entries_debt_lot_id_fkey';
            columns: ['debt_lot_id'];
            isOneToOne: false;
            referencedRelation: 'purchase_uses';
            referencedColumns: ['lot_id'];
          },
          {
            foreignKeyName: 'credit_entries_generation_id_fkey';
            columns: ['generation_id'];
            isOneToOne: false;
            referencedRelation: 'generations';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_entries_lot_id_fkey';
            columns: ['lot_id'];
            isOneToOne: false;
            referencedRelation: 'credit_lots';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_entries_lot_id_fkey';
            columns: ['lot_id'];
            isOneToOne: false;
            referencedRelation: 'purchase_uses';
            referencedColumns: ['lot_id'];
          },
          {
            foreignKeyName: 'credit_entries_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      credit_lots: {
        Row: {
          amount: number;
          clawed_back: number;
          created_at: string;
          exhausted_at: string | null;
          expires_at: string | null;
          frozen_at: string | null;
          grant_key: string;
          id: number;
          owed: number;
          payment_id: string | null;
          priority: number;
          profile_id: string;
          remaining: number;
          source: 'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator';
          subscription_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          amount: number;
          clawed_back?: number;
          created_at?: string;
          exhausted_at?: string | null;
          expires_at?: string | null;
          frozen_at?: string | null;
          grant_key: string;
          id?: never;
          owed?: number;
          payment_id?: string | null;
          priority?: number;
          profile_id: string;
          remaining: number;
          source: 'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator';
          subscription_id?: string | null;
        };
        Update: {
          amount?: number;
          clawed_back?: number;
          created_at?: string;
          exhausted_at?: string | null;
          expires_at?: string | null;
          frozen_at?: string | null;
          grant_key?: string;
          id?: never;
          owed?: number;
          payment_id?: string | null;
          priority?: number;
          profile_id?: string;
          remaining?: number;
          source?: 'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator';
          subscription_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'credit_lots_payment_id_fkey';
            columns: ['payment_id'];
            isOneToOne: false;
            referencedRelation: 'payments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_lots_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_lots_subscription_id_fkey';
            columns: ['subscription_id'];
            isOneToOne: false;
            referencedRelation: 'subscriptions';
            referencedColumns: ['id'];
          },
        ];
      };
      credit_packs: {
        Row: {
          credits: number;
          credits_last: string | null;
          currency: string;
          description: string;
          is_enabled: boolean;
          pack_key: string;
          price_amount: number;
          quantity_max: number;
          title: string;
        };
        ComputedFields: never;
        Insert: {
          credits: number;
          credits_last?: string | null;
          currency?: string;
          description?: string;
          is_enabled?: boolean;
          pack_key: string;
          price_amount: number;
          quantity_max?: number;
          title: string;
        };
        Update: {
          credits?: number;
          credits_last?: string | null;
          currency?: string;
          description?: string;
          is_enabled?: boolean;
          pack_key?: string;
          price_amount?: number;
          quantity_max?: number;
          title?: string;
        };
        Relationships: [];
      };
      generation_options: {
        Row: {
          choices: string[] | null;
          maximum: number | null;
          minimum: number | null;
          option_key: string;
          title: string;
          type_key: string;
          value_type: 'integer' | 'boolean' | 'choice';
        };
        ComputedFields: never;
        Insert: {
          choices?: string[] | null;
          maximum?: number | null;
          minimum?: number | null;
          option_key: string;
          title: string;
          type_key: string;
          value_type: 'integer' | 'boolean' | 'choice';
        };
        Update: {
          choices?: string[] | null;
          maximum?: number | null;
          minimum?: number | null;
          option_key?: string;
          title?: string;
          type_key?: string;
          value_type?: 'integer' | 'boolean' | 'choice';
        };
        Relationships: [
          {
            foreignKeyName: 'generation_options_type_key_fkey';
            columns: ['type_key'];
            isOneToOne: false;
            referencedRelation: 'generation_types';
            referencedColumns: ['type_key'];
          },
        ];
      };
      generation_types: {
        Row: {
          cost_credits: number;
          description: string;
          face: 'none' | 'optional' | 'required';
          is_enabled: boolean;
          is_in_unlimited: boolean;
          title: string;
          type_key: string;
        };
        ComputedFields: never;
        Insert: {
          cost_credits: number;
          description?: string;
          face?: 'none' | 'optional' | 'required';
          is_enabled?: boolean;
          is_in_unlimited?: boolean;
          title: string;
          type_key: string;
        };
        Update: {
          cost_credits?: number;
          description?: string;
          face?: 'none' | 'optional' | 'required';
          is_enabled?: boolean;
          is_in_unlimited?: boolean;
          title?: string;
          type_key?: string;
        };
        Relationships: [];
      };
      generations: {
        Row: {
          created_at: string;
          credit_cost: number;
          deadline_at: string;
          error: string | null;
          finished_at: string | null;
          generation_type: string;
          id: string;
          idempotency_key: string;
          options: NonNullable<Json>;
          output_path: string | null;
          preview_path: string | null;
          profile_id: string;
          prompt: string;
          status:
            | 'queued'
            | 'submitting'
            | 'processing'
            | 'storing'
            | 'succeeded'
            | 'failed'
            | 'canceled'
            | 'expired';
          user_image_id: string | null;
          generation_types: {
            cost_credits: number;
            description: string;
            face: 'none' | 'optional' | 'required';
            is_enabled: boolean;
            is_in_unlimited: boolean;
            title: string;
            type_key: string;
          } | null;
        };
        ComputedFields: 'generation_types';
        Insert: {
          created_at?: string;
          credit_cost: number;
          deadline_at: string;
          error?: string | null;
          finished_at?: string | null;
          generation_type: string;
          id?: string;
          idempotency_key: string;
          options?: NonNullable<Json>;
          output_path?: string | null;
          preview_path?: string | null;
          profile_id: string;
          prompt: string;
          status?:
            | 'queued'
            | 'submitting'
            | 'processing'
            | 'storing'
            | 'succeeded'
            | 'failed'
            | 'canceled'
            | 'expired';
          user_image_id?: string | null;
        };
        Update: {
          created_at?: string;
          credit_cost?: number;
          deadline_at?: string;
          error?: string | null;
          finished_at?: string | null;
          generation_type?: string;
          id?: string;
          idempotency_key?: string;
          options?: NonNullable<Json>;
          output_path?: string | null;
          preview_path?: string | null;
          profile_id?: string;
          prompt?: string;
          status?:
            | 'queued'
            | 'submitting'
            | 'processing'
            | 'storing'
            | 'succeeded'
            | 'failed'
            | 'canceled'
            | 'expired';
          user_image_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'generations_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'generations_user_image_id_fkey';
            columns: ['user_image_id'];
            isOneToOne: false;
            referencedRelation: 'user_images';
            referencedColumns: ['id'];
          },
        ];
      };
      payments: {
        Row: {
          amount: number;
          amount_reversed: number;
          created_at: string;
          credits_added: number;
          currency: string;
          dispute_status: 'open' | 'won' | 'lost' | null;
          id: string;
          item_key: string;
          kind: 'pack' | 'subscription';
          profile_id: string;
          stripe_payment_id: string;
          subscription_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          amount: number;
          amount_reversed?: number;
          created_at?: string;
          credits_added?: number;
          currency: string;
          dispute_status?: 'open' | 'won' | 'lost' | null;
          id?: string;
          item_key: string;
          kind: 'pack' | 'subscription';
          profile_id: string;
          stripe_payment_id: string;
          subscription_id?: string | null;
        };
        Update: {
          amount?: number;
          amount_reversed?: number;
          created_at?: string;
          credits_added?: number;
          currency?: string;
          dispute_status?: 'open' | 'won' | 'lost' | null;
          id?: string;
          item_key?: string;
          kind?: 'pack' | 'subscription';
          profile_id?: string;
          stripe_payment_id?: string;
          subscription_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'payments_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'payments_subscription_id_fkey';
            columns: ['subscription_id'];
            isOneToOne: false;
            referencedRelation: 'subscriptions';
            referencedColumns: ['id'];
          },
        ];
      };
      plan_uses: {
        Row: {
          created_at: string;
          generation_id: string;
          profile_id: string;
          returned_at: string | null;
          subscription_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          generation_id: string;
          profile_id: string;
          returned_at?: string | null;
          subscription_id: string;
        };
        Update: {
          created_at?: string;
          generation_id?: string;
          profile_id?: string;
          returned_at?: string | null;
          subscription_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'plan_uses_generation_id_fkey';
            columns: ['generation_id'];
            isOneToOne: true;
            referencedRelation: 'generations';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'plan_uses_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'plan_uses_subscription_id_fkey';
            columns: ['subscription_id'];
            isOneToOne: false;
            referencedRelation: 'subscriptions';
            referencedColumns: ['id'];
          },
        ];
      };
      plans: {
        Row: {
          billing_interval: 'month' | 'year';
          credits_per_month: number;
          currency: string;
          description: string;
          fair_use_per_day: number | null;
          fair_use_per_month: number | null;
          is_enabled: boolean;
          is_unlimited: boolean;
          plan_family: string;
          plan_name: string;
          price_amount: number;
          rollover: 'none' | 'capped' | 'all';
          rollover_cap: number | null;
          title: string;
        };
        ComputedFields: never;
        Insert: {
          billing_interval?: 'month' | 'year';
          credits_per_month?: number;
          currency?: string;
          description?: string;
          fair_use_per_day?: number | null;
          fair_use_per_month?: number | null;
          is_enabled?: boolean;
          is_unlimited?: boolean;
          plan_family?: string;
          plan_name: string;
          price_amount: number;
          rollover?: 'none' | 'capped' | 'all';
          rollover_cap?: number | null;
          title: string;
        };
        Update: {
          billing_interval?: 'month' | 'year';
          credits_per_month?: number;
          currency?: string;
          description?: string;
          fair_use_per_day?: number | null;
          fair_use_per_month?: number | null;
          is_enabled?: boolean;
          is_unlimited?: boolean;
          plan_family?: string;
          plan_name?: string;
          price_amount?: number;
          rollover?: 'none' | 'capped' | 'all';
          rollover_cap?: number | null;
          title?: string;
        };
        Relationships: [];
      };
      profiles: {
        Row: {
          created_at: string;
          credits: number;
          debt: number;
          deleted_at: string | null;
          entry_count: number;
          id: string;
          referral_code: string;
          referred_by: string | null;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          credits?: number;
          debt?: number;
          deleted_at?: string | null;
          entry_count?: number;
          id: string;
          referral_code: string;
          referred_by?: string | null;
        };
        Update: {
          created_at?: string;
          credits?: number;
          debt?: number;
          deleted_at?: string | null;
          entry_count?: number;
          id?: string;
          referral_code?: string;
          referred_by?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'profiles_referred_by_fkey';
            columns: ['referred_by'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      referrals: {
        Row: {
          code: string;
          created_at: string;
          id: string;
          payment_id: string | null;
          reason:
            | 'malformed_code'
            | 'unknown_code'
            | 'own_code'
            | 'circular'
            | 'repeated'
            | 'late'
            | 'known_person'
            | 'monthly_cap'
            | 'referrer_gone'
            | null;
          referred_id: string;
          referrer_id: string | null;
          reversed_at: string | null;
          rewarded_at: string | null;
          status: 'pending' | 'rewarded' | 'rejected' | 'reversed';
        };
        ComputedFields: never;
        Insert: {
          code: string;
          created_at?: string;
          id?: string;
          payment_id?: string | null;
          reason?:
            | 'malformed_code'
            | 'unknown_code'
            | 'own_code'
            | 'circular'
            | 'repeated'
            | 'late'
            | 'known_person'
            | 'monthly_cap'
            | 'referrer_gone'
            | null;
          referred_id: string;
          referrer_id?: string | null;
          reversed_at?: string | null;
          rewarded_at?: string | null;
          status?: 'pending' | 'rewarded' | 'rejected' | 'reversed';
        };
        Update: {
          code?: string;
          created_at?: string;
          id?: string;
          payment_id?: string | null;
          reason?:
            | 'malformed_code'
            | 'unknown_code'
            | 'own_code'
            | 'circular'
            | 'repeated'
            | 'late'
            | 'known_person'
            | 'monthly_cap'
            | 'referrer_gone'
            | null;
          referred_id?: string;
          referrer_id?: string | null;
          reversed_at?: string | null;
          rewarded_at?: string | null;
          status?: 'pending' | 'rewarded' | 'rejected' | 'reversed';
        };
        Relationships: [
          {
            foreignKeyName: 'referrals_payment_id_fkey';
            columns: ['payment_id'];
            isOneToOne: false;
            referencedRelation: 'payments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'referrals_referred_id_fkey';
            columns: ['referred_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'referrals_referrer_id_fkey';
            columns: ['referrer_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      subscriptions: {
        Row: {
          cancel_at_period_end: boolean;
          created_at: string;
          current_period_end: string | null;
          current_period_start: string | null;
          end_date: string | null;
          id: string;
          is_active: boolean;
          next_grant_at: string | null;
          plan_name: string;
          profile_id: string;
          quantity: number;
          start_date: string;
          status:
            | 'incomplete'
            | 'incomplete_expired'
            | 'trialing'
            | 'active'
            | 'past_due'
            | 'unpaid'
            | 'canceled'
            | 'paused';
          stripe_subscription_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          cancel_at_period_end?: boolean;
          created_at?: string;
          current_period_end?: string | null;
          current_period_start?: string | null;
          end_date?: string | null;
          id?: string;
          is_active?: boolean;
          next_grant_at?: string | null;
          plan_name: string;
          profile_id: string;
          quantity?: number;
          start_date?: string;
          status:
            | 'incomplete'
            | 'incomplete_expired'
            | 'trialing'
            | 'active'
            | 'past_due'
            | 'unpaid'
            | 'canceled'
            | 'paused';
          stripe_subscription_id?: string | null;
        };
        Update: {
          cancel_at_period_end?: boolean;
          created_at?: string;
          current_period_end?: string | null;
          current_period_start?: string | null;
          end_date?: string | null;
          id?: string;
          is_active?: boolean;
          next_grant_at?: string | null;
          plan_name?: string;
          profile_id?: string;
          quantity?: number;
          start_date?: string;
          status?:
            | 'incomplete'
            | 'incomplete_expired'
            | 'trialing'
            | 'active'
            | 'past_due'
            | 'unpaid'
            | 'canceled'
            | 'paused';
          stripe_subscription_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'subscriptions_plan_name_fkey';
            columns: ['plan_name'];
            isOneToOne: false;
            referencedRelation: 'plans';
            referencedColumns: ['plan_name'];
          },
          {
            foreignKeyName: 'subscriptions_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      user_images: {
        Row: {
          consented_at: string;
          created_at: string;
          deleted_at: string | null;
          deletion_answer: Json | null;
          expires_at: string;
          id: string;
          object_path: string;
          profile_id: string;
          removal_reason: 'asked' | 'expired' | 'account' | null;
          removed_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          consented_at?: string;
          created_at?: string;
          deleted_at?: string | null;
          deletion_answer?: Json | null;
          expires_at: string;
          id?: string;
          object_path: string;
          profile_id: string;
          removal_reason?: 'asked' | 'expired' | 'account' | null;
          removed_at?: string | null;
        };
        Update: {
          consented_at?: string;
          created_at?: string;
          deleted_at?: string | null;
          deletion_answer?: Json | null;
          expires_at?: string;
          id?: string;
          object_path?: string;
          profile_id?: string;
          removal_reason?: 'asked' | 'expired' | 'account' | null;
          removed_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'user_images_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
    };
    Views: {
      credit_history: {
        Row: {
          amount: number;
          balance_after: number;
          created_at: string;
          debt: number;
          entry_number: number;
          generation_id: string | null;
          kind:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate';
          lot_id: number;
          profile_id: string;
          reason: string | null;
          source: 'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator';
        };
        ComputedFields: never;
        Insert: {
          amount?: number | null;
          balance_after?: number | null;
          created_at?: string | null;
          debt?: number | null;
          entry_number?: number | null;
          generation_id?: string | null;
          kind?:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate'
            | null;
          lot_id?: number | null;
          profile_id?: string | null;
          reason?: string | null;
          source?:
            'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator' | null;
        };
        Update: {
          amount?: number | null;
          balance_after?: number | null;
          created_at?: string | null;
          debt?: number | null;
          entry_number?: number | null;
          generation_id?: string | null;
          kind?:
            | 'grant'
            | 'spend'
            | 'refund'
            | 'expire'
            | 'revoke'
            | 'restore'
            | 'claw_back'
            | 'repay'
            | 'reinstate'
            | null;
          lot_id?: number | null;
          profile_id?: string | null;
          reason?: string | null;
          source?:
            'sign_up' | 'referral' | 'purchase' | 'subscription' | 'promotion' | 'operator' | null;
        };
        Relationships: [
          {
            foreignKeyName: 'credit_entries_generation_id_fkey';
            columns: ['generation_id'];
            isOneToOne: false;
            referencedRelation: 'generations';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_entries_lot_id_fkey';
            columns: ['lot_id'];
            isOneToOne: false;
            referencedRelation: 'credit_lots';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_entries_lot_id_fkey';
            columns: ['lot_id'];
            isOneToOne: false;
            referencedRelation: 'purchase_uses';
            referencedColumns: ['lot_id'];
          },
          {
            foreignKeyName: 'credit_entries_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
      generation_receipts: {
        Row: {
          credits_returned: number | null;
          credits_spent: number | null;
          generation_id: string | null;
          lot_id: number | null;
          payment_id: string | null;
          profile_id: string | null;
          source:
            | 'sign_up'
            | 'referral'
            | 'purchase'
            | 'subscription'
            | 'promotion'
            | 'operator'
            | 'plan'
            | null;
          subscription_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          credits_returned?: number | null;
          credits_spent?: number | null;
          generation_id?: string | null;
          lot_id?: number | null;
          payment_id?: string | null;
          profile_id?: string | null;
          source?:
            | 'sign_up'
            | 'referral'
            | 'purchase'
            | 'subscription'
            | 'promotion'
            | 'operator'
            | 'plan'
            | null;
          subscription_id?: string | null;
        };
        Update: {
          credits_returned?: number | null;
          credits_spent?: number | null;
          generation_id?: string | null;
          lot_id?: number | null;
          payment_id?: string | null;
          profile_id?: string | null;
          source?:
            | 'sign_up'
            | 'referral'
            | 'purchase'
            | 'subscription'
            | 'promotion'
            | 'operator'
            | 'plan'
            | null;
          subscription_id?: string | null;
        };
        Relationships: [];
      };
      purchase_uses: {
        Row: {
          credits_returned: number | null;
          credits_spent: number | null;
          generation_id: string | null;
          lot_id: number;
          payment_id: string | null;
          profile_id: string;
        };
        ComputedFields: never;
        Insert: {
          credits_returned?: number | null;
          credits_spent?: number | null;
          generation_id?: string | null;
          lot_id?: number | null;
          payment_id?: string | null;
          profile_id?: string | null;
        };
        Update: {
          credits_returned?: number | null;
          credits_spent?: number | null;
          generation_id?: string | null;
          lot_id?: number | null;
          payment_id?: string | null;
          profile_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'credit_entries_generation_id_fkey';
            columns: ['generation_id'];
            isOneToOne: false;
            referencedRelation: 'generations';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_lots_payment_id_fkey';
            columns: ['payment_id'];
            isOneToOne: false;
            referencedRelation: 'payments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'credit_lots_profile_id_fkey';
            columns: ['profile_id'];
            isOneToOne: false;
            referencedRelation: 'profiles';
            referencedColumns: ['id'];
          },
        ];
      };
    };
    Functions: {
      add_user_image: {
        Args: { object_path: string };
        Returns: {
          consented_at: string;
          created_at: string;
          deleted_at: string | null;
          deletion_answer: Json | null;
          expires_at: string;
          id: string;
          object_path: string;
          profile_id: string;
          removal_reason: 'asked' | 'expired' | 'account' | null;
          removed_at: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'user_images';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      apply_referral_code: {
        Args: { code: string };
        Returns: { status: 'pending' | 'rewarded'; code: string };
      };
      cancel_generation: {
        Args: { generation_id: string };
        Returns: {
          created_at: string;
          credit_cost: number;
          deadline_at: string;
          error: string | null;
          finished_at: string | null;
          generation_type: string;
          id: string;
          idempotency_key: string;
          options: NonNullable<Json>;
          output_path: string | null;
          preview_path: string | null;
          profile_id: string;
          prompt: string;
          status:
            | 'queued'
            | 'submitting'
            | 'processing'
            | 'storing'
            | 'succeeded'
            | 'failed'
            | 'canceled'
            | 'expired';
          user_image_id: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'generations';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      delete_my_account: { Args: { confirmation: string }; Returns: { deleted_at: string } };
      export_my_data: {
        Args: Record<PropertyKey, never>;
        Returns: { exported_at: string; account: { [key: string]: Json }; [table: string]: Json };
      };
      generation_types: {
        Args: {
          generation: Omit<
            Database['public']['Tables']['generations']['Row'],
            Database['public']['Tables']['generations']['ComputedFields']
          >;
        };
        Returns: {
          cost_credits: number;
          description: string;
          face: 'none' | 'optional' | 'required';
          is_enabled: boolean;
          is_in_unlimited: boolean;
          title: string;
          type_key: string;
        };
        SetofOptions: {
          from: 'generations';
          to: 'generation_types';
          isOneToOne: true;
          isSetofReturn: true;
        };
      };
      my_credits: {
        Args: Record<PropertyKey, never>;
        Returns: Database['public']['CompositeTypes']['credit_summary'];
        SetofOptions: {
          from: '*';
          to: 'credit_summary';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      quote_generation: {
        Args: { generation_type: string };
        Returns: Database['public']['CompositeTypes']['generation_quote'];
        SetofOptions: {
          from: '*';
          to: 'generation_quote';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      redeem_code: {
        Args: { code: string };
        Returns: { credits: number; expires_at: string | null };
      };
      remove_user_image: {
        Args: { id: string };
        Returns: {
          consented_at: string;
          created_at: string;
          deleted_at: string | null;
          deletion_answer: Json | null;
          expires_at: string;
          id: string;
          object_path: string;
          profile_id: string;
          removal_reason: 'asked' | 'expired' | 'account' | null;
          removed_at: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'user_images';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      request_generation: {
        Args: {
          generation_type: string;
          idempotency_key: string;
          options?: Json;
          pay_with_credits?: boolean;
          prompt: string;
          user_image_id?: string;
        };
        Returns: {
          created_at: string;
          credit_cost: number;
          deadline_at: string;
          error: string | null;
          finished_at: string | null;
          generation_type: string;
          id: string;
          idempotency_key: string;
          options: NonNullable<Json>;
          output_path: string | null;
          preview_path: string | null;
          profile_id: string;
          prompt: string;
          status:
            | 'queued'
            | 'submitting'
            | 'processing'
            | 'storing'
            | 'succeeded'
            | 'failed'
            | 'canceled'
            | 'expired';
          user_image_id: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'generations';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      start_checkout: {
        Args: {
          idempotency_key: string;
          item_key: string;
          item_kind: 'pack' | 'subscription';
          quantity?: number;
        };
        Returns: {
          created_at: string;
          credits: number | null;
          error: string | null;
          expires_at: string | null;
          finished_at: string | null;
          id: string;
          idempotency_key: string;
          item_key: string | null;
          item_kind: 'pack' | 'subscription' | 'portal';
          profile_id: string;
          quantity: number;
          status: 'requested' | 'open' | 'pending' | 'completed' | 'expired' | 'failed';
          stripe_session_id: string | null;
          url: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'checkouts';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      start_portal: {
        Args: { idempotency_key: string };
        Returns: {
          created_at: string;
          credits: number | null;
          error: string | null;
          expires_at: string | null;
          finished_at: string | null;
          id: string;
          idempotency_key: string;
          item_key: string | null;
          item_kind: 'pack' | 'subscription' | 'portal';
          profile_id: string;
          quantity: number;
          status: 'requested' | 'open' | 'pending' | 'completed' | 'expired' | 'failed';
          stripe_session_id: string | null;
          url: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'checkouts';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      credit_summary: {
        available: number;
        held: number;
        frozen: number;
        debt: number;
        expiring_soon: number;
        expiring_at: string | null;
        next_grant_credits: number;
        next_grant_at: string | null;
      };
      generation_quote: {
        cost_credits: number;
        is_covered: boolean;
        is_affordable: boolean;
        missing_credits: number;
        fair_use_left: number | null;
        fair_use_resets_at: string | null;
      };
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, 'public'>];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    ? (DefaultSchema['Tables'] & DefaultSchema['Views'])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    keyof DefaultSchema['Tables'] | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    keyof DefaultSchema['Tables'] | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    keyof DefaultSchema['Enums'] | { schema: keyof DatabaseWithoutInternals },
  EnumName extends (DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums']
    : never) = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums'][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema['Enums']
    ? DefaultSchema['Enums'][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    keyof DefaultSchema['CompositeTypes'] | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends (PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes']
    : never) = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes'][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema['CompositeTypes']
    ? DefaultSchema['CompositeTypes'][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {},
  },
} as const;
